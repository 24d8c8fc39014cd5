package main

import (
	"context"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

func administration(ctx context.Context) (any, error) {
	name, err := topic(ctx, "administration", 2)
	if err != nil {
		return nil, err
	}
	if err := fill(ctx, name, 2, 5); err != nil {
		return nil, err
	}
	connection := client()
	defer connection.Close()
	admin := kadm.NewClient(connection)
	create := func(name string) any {
		_, err := admin.CreateTopic(ctx, 1, 1, nil, name)
		return answer(err)
	}
	remove := func(name string) any {
		_, err := admin.DeleteTopic(ctx, name)
		return answer(err)
	}
	value := "7200000"
	altered, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Name: "retention.ms", Value: &value}}, name)
	if err != nil {
		return nil, err
	}
	_, alterErr := altered.On(name, nil)
	retention := ""
	for retention != value {
		configs, err := admin.DescribeTopicConfigs(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, config := range configs[0].Configs {
			if config.Key == "retention.ms" {
				retention = config.MaybeValue()
			}
		}
	}
	ends, err := admin.ListEndOffsets(ctx, name)
	if err != nil {
		return nil, err
	}
	end, _ := ends.Lookup(name, 1)
	_, updateErr := admin.UpdatePartitions(ctx, 3, name)
	return outcome{
		"again":         create(name),
		"bad name":      create("a/b"),
		"altered":       answer(alterErr),
		"retention":     retention,
		"end":           end.Offset,
		"more":          answer(updateErr),
		"deleted":       remove(name),
		"deleted again": remove(name),
	}, nil
}

func logins(ctx context.Context) (any, error) {
	result := outcome{}
	for _, password := range []string{"alice-secret", "wrong"} {
		auth := scram.Auth{User: "alice", Pass: password}
		for _, mechanism := range []sasl.Mechanism{
			plain.Auth{User: "alice", Pass: password}.AsMechanism(),
			auth.AsSha256Mechanism(),
			auth.AsSha512Mechanism(),
		} {
			connection, err := kgo.NewClient(
				kgo.SeedBrokers(saslAddress), kgo.SASL(mechanism), kgo.RequestRetries(0))
			if err != nil {
				return nil, err
			}
			result[mechanism.Name()+" "+password] = answer(connection.Ping(ctx))
			connection.Close()
		}
	}
	return result, nil
}
