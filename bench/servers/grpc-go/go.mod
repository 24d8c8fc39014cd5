module bench

go 1.25

require (
	google.golang.org/grpc v1.84.0
	google.golang.org/protobuf v1.36.12
)
