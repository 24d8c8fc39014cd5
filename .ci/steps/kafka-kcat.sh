#!/usr/bin/env bash
# title: Kafka: kcat sees the same of Polywire as of Apache Kafka
# needs: kcat maven default-jdk-headless
# Apache Kafka comes from Maven; without a package registry the step says so and succeeds.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec timeout 600 node test/kafka-clients/compare.ts kcat
