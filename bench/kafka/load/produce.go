package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

type producePlan struct {
	partitions, connections, inFlight, recordBytes, batchRecords int
	duration                                                     time.Duration
}

// produce keeps so many requests of one batch in flight on each connection.
func produce(address, topic string, plan producePlan) report {
	var group sync.WaitGroup
	var lock sync.Mutex
	var latencies []time.Duration
	answered := 0
	started := time.Now()
	for i := range plan.connections {
		group.Go(func() {
			request := produceRequest(topic, int32(i%plan.partitions), plan)
			own := produceOn(dial(address), framed(request), plan, started.Add(plan.duration))
			lock.Lock()
			defer lock.Unlock()
			answered += len(own)
			latencies = append(latencies, own...)
		})
	}
	group.Wait()
	seconds := time.Since(started).Seconds()
	slices.Sort(latencies)
	at := func(part float64) float64 {
		return float64(latencies[int(part*float64(len(latencies)-1))]) / float64(time.Millisecond)
	}
	return report{float64(answered*plan.batchRecords) / seconds, at(0.5), at(0.99)}
}

func produceOn(server *connection, frame []byte, plan producePlan, end time.Time) []time.Duration {
	sent := make(chan time.Time, plan.inFlight)
	go func() {
		for time.Now().Before(end) {
			sent <- time.Now()
			server.send(frame)
		}
		close(sent)
	}()
	var latencies []time.Duration
	for at := range sent {
		check(server.receive(true))
		latencies = append(latencies, time.Since(at))
	}
	return latencies
}

func check(answer []byte) {
	response := kmsg.NewPtrProduceResponse()
	response.SetVersion(9)
	if err := response.ReadFrom(answer); err != nil {
		fail(err.Error())
	}
	if code := response.Topics[0].Partitions[0].ErrorCode; code != 0 {
		fail(fmt.Sprint("Produce was answered with error ", code))
	}
}

func produceRequest(topic string, partition int32, plan producePlan) kmsg.Request {
	request := kmsg.NewPtrProduceRequest()
	request.SetVersion(9)
	request.Acks = -1
	request.TimeoutMillis = 30_000
	part := kmsg.NewProduceRequestTopicPartition()
	part.Partition = partition
	part.Records = batch(plan.recordBytes, plan.batchRecords)
	named := kmsg.NewProduceRequestTopic()
	named.Topic = topic
	named.Partitions = append(named.Partitions, part)
	request.Topics = append(request.Topics, named)
	return request
}

// batch is one record batch without a producer id, uncompressed.
func batch(recordBytes, records int) []byte {
	value := bytes.Repeat([]byte("polywire"), recordBytes/8+1)[:recordBytes]
	var body []byte
	for i := range records {
		record := kmsg.Record{OffsetDelta: int32(i), Value: value}
		record.Length = int32(len(record.AppendTo(nil)) - 1)
		body = record.AppendTo(body)
	}
	now := time.Now().UnixMilli()
	made := kmsg.RecordBatch{
		PartitionLeaderEpoch: -1,
		Magic:                2,
		LastOffsetDelta:      int32(records - 1),
		FirstTimestamp:       now,
		MaxTimestamp:         now,
		ProducerID:           -1,
		ProducerEpoch:        -1,
		FirstSequence:        -1,
		NumRecords:           int32(records),
		Records:              body,
	}
	made.Length = int32(len(made.AppendTo(nil)) - 12)
	encoded := made.AppendTo(nil)
	table := crc32.MakeTable(crc32.Castagnoli)
	binary.BigEndian.PutUint32(encoded[17:], crc32.Checksum(encoded[21:], table))
	return encoded
}
