// A breaker of the fleet around a piece of Go: ask, work, report.
//
//	go build permit.go && ./permit NAME
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// ErrRejected: the circuit is open, or no trial is free.
var ErrRejected = errors.New("rejected by the circuit breaker")

// Guard runs work if the breaker lets it, and reports its result.
func Guard(name string, work func() error) (err error) {
	ask := exec.Command("cb", "permit", name, "--lease", "10m")
	ask.Stderr = os.Stderr
	token, err := ask.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 75 {
		return ErrRejected
	}
	if err != nil {
		return err
	}
	// A panic proves nothing of the other side.
	outcome := "ignored"
	defer func() {
		report := exec.Command("cb", "report", name, strings.TrimSpace(string(token)), outcome)
		report.Stderr = os.Stderr
		// What went wrong is said on standard error; the work is done all the same.
		_ = report.Run()
	}()
	if err = work(); err != nil {
		outcome = "failure"
	} else {
		outcome = "success"
	}
	return err
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: permit NAME")
		os.Exit(64)
	}
	err := Guard(os.Args[1], func() error {
		fmt.Println("working")
		return nil
	})
	if errors.Is(err, ErrRejected) {
		os.Exit(75)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
