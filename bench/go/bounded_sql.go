package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// database/sql with a driver that connects to nothing. What waits is in a map, and the order in which Go 1.19
// serves a map is random. A connection's memory is not touched: that would take two more locks.
func init() {
	boundedSystems["database_sql"] = func(capacity int) boundedPool {
		db := sql.OpenDB(fakeConnector{})
		db.SetMaxOpenConns(capacity)
		db.SetMaxIdleConns(capacity) // default 2: others would be closed when they come back
		return sqlPool{db}
	}
}

type sqlPool struct{ db *sql.DB }

// acquire waits with a context that has no end: others cost more.
func (p sqlPool) acquire() borrowed {
	connection, err := p.db.Conn(context.Background())
	if err != nil {
		fail(err)
	}
	return sqlConnection{connection}
}

func (p sqlPool) close() { p.db.Close() }

type sqlConnection struct{ connection *sql.Conn }

func (c sqlConnection) touch(int) {}
func (c sqlConnection) release()  { c.connection.Close() }

var errFake = errors.New("there is no database")

type fakeConnector struct{}

func (fakeConnector) Connect(context.Context) (driver.Conn, error) { return new(fakeConnection), nil }
func (fakeConnector) Driver() driver.Driver                        { return nil }

type fakeConnection struct{ payload }

func (*fakeConnection) Prepare(string) (driver.Stmt, error) { return nil, errFake }
func (*fakeConnection) Begin() (driver.Tx, error)           { return nil, errFake }
func (*fakeConnection) Close() error                        { return nil }
