package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const start = 1_700_000_000_000

var sent = []kgo.Record{
	{Key: []byte("key"), Value: []byte("value")},
	{Value: []byte("no key")},
	{Key: []byte("no value")},
	{Key: []byte{}, Value: []byte{}},
	{Key: []byte("ключ 🔑"), Value: []byte("значение")},
	{Key: []byte("long"), Value: []byte(strings.Repeat("0123456789", 10_000))},
	{Key: []byte("h"), Value: []byte("v"), Headers: []kgo.RecordHeader{
		{Key: "a", Value: []byte("1")},
		{Key: "a", Value: []byte("2")},
		{Key: "null"},
		{Key: "bytes", Value: []byte{0, 255, 128}},
	}},
}

func topic(ctx context.Context, name string, partitions int32) (string, error) {
	connection := client()
	defer connection.Close()
	admin := kadm.NewClient(connection)
	if _, err := admin.CreateTopic(ctx, partitions, 1, nil, named(name)); err != nil {
		return "", err
	}
	for {
		found, err := admin.ListTopics(ctx, named(name))
		if err != nil {
			return "", err
		}
		if len(found[named(name)].Partitions) == int(partitions) {
			return named(name), nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// read takes partition 0 from its start.
func read(ctx context.Context, name string, count int, options ...kgo.Opt) ([]*kgo.Record, error) {
	reader := client(append(options, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{
		name: {0: kgo.NewOffset().AtStart()},
	}))...)
	defer reader.Close()
	var records []*kgo.Record
	for len(records) < count {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		records = append(records, fetches.Records()...)
	}
	return records, nil
}

func exact(codec string, compression kgo.CompressionCodec) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		name, err := topic(ctx, "exact-"+codec, 1)
		if err != nil {
			return nil, err
		}
		producer := client(
			kgo.ProducerBatchCompression(compression),
			kgo.RecordPartitioner(kgo.ManualPartitioner()),
			kgo.ProducerLinger(50*time.Millisecond),
		)
		defer producer.Close()
		var records []*kgo.Record
		for i, record := range sent {
			record.Topic, record.Timestamp = name, time.UnixMilli(start+int64(i))
			records = append(records, &record)
		}
		if err := producer.ProduceSync(ctx, records...).FirstErr(); err != nil {
			return nil, err
		}
		var offsets []any
		for _, record := range records {
			offsets = append(offsets, record.Offset)
		}
		back, err := read(ctx, name, len(records))
		if err != nil {
			return nil, err
		}
		var shown []any
		for _, record := range back {
			shown = append(shown, recordOutcome(record))
		}
		return outcome{"sent": offsets, "read": shown}, nil
	}
}

func recordOutcome(record *kgo.Record) any {
	headers := []any{}
	for _, header := range record.Headers {
		headers = append(headers, []any{header.Key, bytes(header.Value)})
	}
	return outcome{
		"offset":    record.Offset,
		"timestamp": record.Timestamp.UnixMilli(),
		"key":       bytes(record.Key),
		"value":     bytes(record.Value),
		"headers":   headers,
	}
}

// bytes shows short bytes whole, long ones by length and digest.
func bytes(value []byte) any {
	if value == nil {
		return nil
	}
	if len(value) <= 64 {
		return hex.EncodeToString(value)
	}
	digest := sha256.Sum256(value)
	return outcome{"length": len(value), "sha256": hex.EncodeToString(digest[:])}
}
