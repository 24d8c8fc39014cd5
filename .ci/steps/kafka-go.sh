#!/usr/bin/env bash
# title: Kafka: franz-go sees the same of Polywire as of Apache Kafka
# needs: maven default-jdk-headless
# The client comes from the Go module proxy, Apache Kafka from Maven; without Go the step says so.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec timeout 600 node test/kafka-clients/compare.ts franz-go
