// The server of bench/servers/grpc-js.ts with google.golang.org/grpc.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"

	"google.golang.org/grpc"

	"bench/items"
)

func get(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	request := new(items.GetRequest)
	if err := decode(request); err != nil {
		return nil, err
	}
	return &items.GetResponse{
		Id:       request.Id,
		Name:     "Corrugated box, double wall",
		Quantity: 42,
		Price:    3.75,
		Tags:     []string{"cardboard", "large", "recyclable"},
		Active:   true,
	}, nil
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "items.Items",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Get", Handler: get}},
	}, struct{}{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Printf("{\"port\":%d}\n", listener.Addr().(*net.TCPAddr).Port)
	if err := server.Serve(listener); err != nil {
		panic(err)
	}
}
