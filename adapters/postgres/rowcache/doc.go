// Package rowcache keeps in process memory what almost every request asks for:
// whose session it is, what the caller is in the organization, and the
// organization itself. It is a ports.Store around the one on PostgreSQL.
//
// What it serves is never older than MaxStale, whatever breaks. The rule that
// sees to it: triggers record each change in the transaction that makes it
// (app.changes), and a process asks for everything since it last looked, a few
// times a second and whenever it is woken. Rows are served from memory only while
// the last look is recent. Where the database does not answer, there are no
// looks, so nothing is served from memory, and where a look may have missed
// something, everything is forgotten. Signals over Redis and notifications of
// PostgreSQL only make looks sooner; nothing depends on their arrival.
//
// Each kind of row is kept by its own key and dropped by one kind of change.
// What is asked for is put together from several, so that a change of one never
// has to be looked for in another.
//
// Behind the memory of the process stands the cache that processes share
// (ports.Cache). It saves the database work and is trusted with nothing: each
// value says how far its writer had looked, and a reader takes it only if it
// knows that nothing of it has changed since.
package rowcache
