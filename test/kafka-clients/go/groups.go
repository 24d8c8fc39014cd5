package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// member counts what it holds and what it has seen.
type member struct {
	client *kgo.Client
	lock   sync.Mutex
	held   map[int32]bool
}

func (each *member) holds() int {
	each.lock.Lock()
	defer each.lock.Unlock()
	return len(each.held)
}

func join(name string) *member {
	made := &member{held: map[int32]bool{}}
	change := func(held bool) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, changed map[string][]int32) {
			made.lock.Lock()
			defer made.lock.Unlock()
			for _, partition := range changed[name] {
				if held {
					made.held[partition] = true
				} else {
					delete(made.held, partition)
				}
			}
		}
	}
	made.client = client(
		kgo.ConsumerGroup(named("group")),
		kgo.ConsumeTopics(name),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.HeartbeatInterval(200*time.Millisecond),
		kgo.DisableAutoCommit(),
		kgo.OnPartitionsAssigned(change(true)),
		kgo.OnPartitionsRevoked(change(false)),
		kgo.OnPartitionsLost(change(false)),
	)
	return made
}

// group: two members share four partitions, one leaves, the other has them all.
func group(ctx context.Context) (any, error) {
	name, err := topic(ctx, "group", 4)
	if err != nil {
		return nil, err
	}
	seen := map[string]int{}
	members := []*member{join(name)}
	pollUntil := func(holds func() bool) error {
		for !holds() {
			for _, each := range members {
				short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
				each.client.PollFetches(short).EachRecord(func(record *kgo.Record) {
					seen[fmt.Sprint(record.Partition, "@", record.Offset)]++
				})
				cancel()
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		return nil
	}
	shared := func(sizes ...int) func() bool {
		return func() bool {
			for i, size := range sizes {
				if members[i].holds() != size {
					return false
				}
			}
			return true
		}
	}
	if err := pollUntil(shared(4)); err != nil {
		return nil, err
	}
	members = append(members, join(name))
	if err := pollUntil(shared(2, 2)); err != nil {
		return nil, err
	}
	if err := fill(ctx, name, 4, 10); err != nil {
		return nil, err
	}
	if err := pollUntil(func() bool { return len(seen) >= 40 }); err != nil {
		return nil, err
	}
	for _, each := range members {
		if err := each.client.CommitUncommittedOffsets(ctx); err != nil {
			return nil, err
		}
	}
	members[1].client.Close()
	members = members[:1]
	if err := pollUntil(shared(4)); err != nil {
		return nil, err
	}
	defer members[0].client.Close()
	committed, err := kadm.NewClient(members[0].client).FetchOffsets(ctx, named("group"))
	if err != nil {
		return nil, err
	}
	var offsets []int64
	for partition := range int32(4) {
		offset, _ := committed.Lookup(name, partition)
		offsets = append(offsets, offset.At)
	}
	twice := 0
	for _, times := range seen {
		if times > 1 {
			twice++
		}
	}
	return outcome{"seen": len(seen), "twice": twice, "committed": offsets}, nil
}

func fill(ctx context.Context, name string, partitions int32, count int) error {
	producer := client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer producer.Close()
	var records []*kgo.Record
	for partition := range partitions {
		for i := range count {
			value := []byte(fmt.Sprint("v", i))
			records = append(records, &kgo.Record{Topic: name, Partition: partition, Value: value})
		}
	}
	return producer.ProduceSync(ctx, records...).FirstErr()
}
