package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// connection sends requests and reads answers as frames.
type connection struct {
	socket net.Conn
	reader *bufio.Reader
	frame  []byte
}

func dial(address string) *connection {
	socket, err := net.Dial("tcp", address)
	if err != nil {
		fail(err.Error())
	}
	return &connection{socket: socket, reader: bufio.NewReaderSize(socket, 1<<20)}
}

func framed(request kmsg.Request) []byte {
	return kmsg.NewRequestFormatter(kmsg.FormatterClientID("load")).AppendRequest(nil, request, 1)
}

func (each *connection) send(frame []byte) {
	if _, err := each.socket.Write(frame); err != nil {
		fail(err.Error())
	}
}

// receive reads the next answer behind its header; the bytes are valid until the next call.
func (each *connection) receive(flexible bool) []byte {
	var size [4]byte
	if _, err := io.ReadFull(each.reader, size[:]); err != nil {
		fail(err.Error())
	}
	length := int(binary.BigEndian.Uint32(size[:]))
	if cap(each.frame) < length {
		each.frame = make([]byte, length)
	}
	each.frame = each.frame[:length]
	if _, err := io.ReadFull(each.reader, each.frame); err != nil {
		fail(err.Error())
	}
	if flexible {
		return each.frame[5:]
	}
	return each.frame[4:]
}
