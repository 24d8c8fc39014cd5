#!/usr/bin/env bash
# title: Kafka: kafka-python and librdkafka 2 see the same of Polywire as of Apache Kafka
# needs: python3 python3-venv maven default-jdk-headless
# The clients come from PyPI, Apache Kafka from Maven; without them the step says so and succeeds.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec timeout 600 node test/kafka-clients/compare.ts kafka-python librdkafka
