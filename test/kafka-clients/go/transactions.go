package main

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func transactions(ctx context.Context) (any, error) {
	name, err := topic(ctx, "transactions", 1)
	if err != nil {
		return nil, err
	}
	producer := client(kgo.TransactionalID(named("transactions")))
	defer producer.Close()
	for _, end := range []string{"commit", "abort", "commit"} {
		if err := producer.BeginTransaction(); err != nil {
			return nil, err
		}
		record := &kgo.Record{Topic: name, Value: []byte(end)}
		if err := producer.ProduceSync(ctx, record).FirstErr(); err != nil {
			return nil, err
		}
		if err := producer.EndTransaction(ctx, kgo.TransactionEndTry(end == "commit")); err != nil {
			return nil, err
		}
	}
	committed, err := texts(ctx, name, 2, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return nil, err
	}
	all, err := texts(ctx, name, 3)
	return outcome{"committed": committed, "all": all}, err
}

func texts(ctx context.Context, name string, count int, options ...kgo.Opt) ([]any, error) {
	records, err := read(ctx, name, count, options...)
	var shown []any
	for _, record := range records {
		shown = append(shown, []any{record.Offset, string(record.Value)})
	}
	return shown, err
}

// pipeline consumes, transforms and produces in transactions of a group's session.
func pipeline(ctx context.Context) (any, error) {
	from, err := topic(ctx, "pipeline-from", 1)
	if err != nil {
		return nil, err
	}
	to, err := topic(ctx, "pipeline-to", 1)
	if err != nil {
		return nil, err
	}
	if err := fill(ctx, from, 1, 10); err != nil {
		return nil, err
	}
	session, err := kgo.NewGroupTransactSession(
		kgo.SeedBrokers(address),
		kgo.TransactionalID(named("pipeline")),
		kgo.ConsumerGroup(named("pipeline")),
		kgo.ConsumeTopics(from),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.RequireStableFetchOffsets(),
	)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	for taken := 0; taken < 10; {
		fetches := session.PollRecords(ctx, 4)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		if err := session.Begin(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(record *kgo.Record) {
			taken++
			value := []byte(fmt.Sprint("made of ", string(record.Value)))
			session.Produce(ctx, &kgo.Record{Topic: to, Value: value}, nil)
		})
		committed, err := session.End(ctx, kgo.TryCommit)
		if err != nil || !committed {
			return outcome{"committed": committed}, err
		}
	}
	written, err := texts(ctx, to, 10, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return nil, err
	}
	var values []any
	for _, pair := range written {
		values = append(values, pair.([]any)[1])
	}
	found, err := kadm.NewClient(session.Client()).FetchOffsets(ctx, named("pipeline"))
	if err != nil {
		return nil, err
	}
	offset, _ := found.Lookup(from, 0)
	return outcome{"written": values, "committed": offset.At}, nil
}
