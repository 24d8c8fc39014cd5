// Load for a Kafka broker that costs next to nothing itself: batches are built once and sent again
// and again, answers are only counted. Prints one JSON line.
//
//	load produce ADDRESS TOPIC PARTITIONS CONNECTIONS IN_FLIGHT RECORD_BYTES BATCH_RECORDS SECONDS
//	load consume ADDRESS TOPIC PARTITIONS CONNECTIONS SECONDS
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"
)

// report is what a run prints.
type report struct {
	PerSecond float64 `json:"perSecond"`
	// Milliseconds from a request to its answer.
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

func main() {
	if len(os.Args) < 6 {
		fail("see the comment at the top of main.go")
	}
	address, topic := os.Args[2], os.Args[3]
	numbers := make([]int, 0, 6)
	for _, text := range os.Args[4:] {
		number, err := strconv.Atoi(text)
		if err != nil {
			fail(err.Error())
		}
		numbers = append(numbers, number)
	}
	var found report
	switch {
	case os.Args[1] == "produce" && len(numbers) == 6:
		found = produce(address, topic, producePlan{
			partitions:   numbers[0],
			connections:  numbers[1],
			inFlight:     numbers[2],
			recordBytes:  numbers[3],
			batchRecords: numbers[4],
			duration:     time.Duration(numbers[5]) * time.Second,
		})
	case os.Args[1] == "consume" && len(numbers) == 3:
		found = consume(address, topic, numbers[0], numbers[1], time.Duration(numbers[2])*time.Second)
	default:
		fail("see the comment at the top of main.go")
	}
	line, _ := json.Marshal(found)
	fmt.Println(string(line))
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
