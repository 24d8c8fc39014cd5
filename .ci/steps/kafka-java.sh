#!/usr/bin/env bash
# title: Kafka: Java clients 4.x and 3.x and Kafka's own tools see the same of Polywire as of Apache Kafka
# needs: maven default-jdk-headless
# All comes from Maven; without a package registry the step says so and succeeds.
set -euo pipefail
cd "$(dirname "$0")/../.."
timeout 120 node test/kafka-clients/segments.ts
exec timeout 600 node test/kafka-clients/compare.ts java-4 java-3 tools
