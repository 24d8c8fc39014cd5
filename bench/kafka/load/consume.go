package main

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// consume fetches from the start, and again at the end of a partition, and counts records by their
// batches' headers.
func consume(address, topic string, partitions, connections int, duration time.Duration) report {
	var group sync.WaitGroup
	var lock sync.Mutex
	total := 0
	started := time.Now()
	for i := range connections {
		group.Go(func() {
			own := consumeOn(dial(address), topic, int32(i%partitions), started.Add(duration))
			lock.Lock()
			defer lock.Unlock()
			total += own
		})
	}
	group.Wait()
	return report{PerSecond: float64(total) / time.Since(started).Seconds()}
}

func consumeOn(server *connection, topic string, partition int32, end time.Time) int {
	records, offset := 0, int64(0)
	for time.Now().Before(end) {
		server.send(framed(fetchRequest(topic, partition, offset)))
		response := kmsg.NewPtrFetchResponse()
		response.SetVersion(12)
		if err := response.ReadFrom(server.receive(true)); err != nil {
			fail(err.Error())
		}
		part := response.Topics[0].Partitions[0]
		if part.ErrorCode != 0 {
			fail(fmt.Sprint("Fetch was answered with error ", part.ErrorCode))
		}
		came, next := counted(part.RecordBatches, offset)
		records, offset = records+came, next
		if offset >= part.HighWatermark {
			offset = 0
		}
	}
	return records
}

// counted tells how many records whole batches hold, and the offset behind them.
func counted(batches []byte, offset int64) (int, int64) {
	records := 0
	for len(batches) >= 61 {
		length := 12 + int(binary.BigEndian.Uint32(batches[8:]))
		if len(batches) < length {
			break
		}
		records += int(binary.BigEndian.Uint32(batches[57:]))
		offset = int64(binary.BigEndian.Uint64(batches)) + int64(binary.BigEndian.Uint32(batches[23:])) + 1
		batches = batches[length:]
	}
	return records, offset
}

func fetchRequest(topic string, partition int32, offset int64) kmsg.Request {
	request := kmsg.NewPtrFetchRequest()
	request.SetVersion(12)
	request.ReplicaID = -1
	request.MaxWaitMillis = 500
	request.MinBytes = 1
	request.MaxBytes = 50 << 20
	request.SessionEpoch = -1
	part := kmsg.NewFetchRequestTopicPartition()
	part.Partition = partition
	part.CurrentLeaderEpoch = -1
	part.FetchOffset = offset
	part.LastFetchedEpoch = -1
	part.LogStartOffset = -1
	part.PartitionMaxBytes = 1 << 20
	named := kmsg.NewFetchRequestTopic()
	named.Topic = topic
	named.Partitions = append(named.Partitions, part)
	request.Topics = append(request.Topics, named)
	return request
}
