// Runs scenarios with franz-go; arguments and output are those of the Java program.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

var address, saslAddress, prefix string

type outcome = map[string]any

func main() {
	address, saslAddress, prefix = os.Args[1], os.Args[2], os.Args[3]
	for _, scenario := range []struct {
		name string
		run  func(context.Context) (any, error)
	}{
		{"exact-none", exact("none", kgo.NoCompression())},
		{"exact-gzip", exact("gzip", kgo.GzipCompression())},
		{"exact-snappy", exact("snappy", kgo.SnappyCompression())},
		{"exact-lz4", exact("lz4", kgo.Lz4Compression())},
		{"exact-zstd", exact("zstd", kgo.ZstdCompression())},
		{"group", group},
		{"transactions", transactions},
		{"pipeline", pipeline},
		{"administration", administration},
		{"sasl", logins},
	} {
		if len(os.Args) > 4 && !slices.Contains(os.Args[4:], scenario.name) {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		result, err := scenario.run(ctx)
		cancel()
		if err != nil {
			result = outcome{"error": kind(err)}
		}
		line, _ := json.Marshal(outcome{"scenario": scenario.name, "outcome": result})
		fmt.Println(string(line))
	}
}

// kind is the broker's name of an error, or what the client says.
func kind(err error) string {
	var broker *kerr.Error
	if errors.As(err, &broker) {
		return broker.Message
	}
	return err.Error()
}

// answer is "done" or the kind of error.
func answer(err error) any {
	if err != nil {
		return outcome{"error": kind(err)}
	}
	return "done"
}

func named(name string) string { return prefix + "-" + name }

func client(options ...kgo.Opt) *kgo.Client {
	made, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(address)}, options...)...)
	if err != nil {
		panic(err)
	}
	return made
}
