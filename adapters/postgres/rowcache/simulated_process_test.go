package rowcache_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/rowcache"
	"rowhouse/core/domain"
)

// simulated is a process.
type simulated struct {
	*simulation

	watch  postgres.Follower
	rules  rule
	level  simulatedLevel
	shared rowcache.Shared
	mine   map[part]int // the last version that a call of this process has made and returned

	since   postgres.Position
	last    postgres.Position // that was seen; for asksSinceLast
	told    map[postgres.Change]bool
	asking  bool
	pending []postgres.Change
	to      postgres.Position
	loaded  bool
}

type simulatedLevel interface {
	Get(key int) (stored, bool)
	Mark() rowcache.Mark
	Put(since rowcache.Mark, key int, row stored)
	Drop(key int)
}

const simulatedTenant = domain.OrganizationID("00000000-0000-7000-8000-000000000001")

func simulatedChange(key int) postgres.Change { return about(strconv.Itoa(key)) }

// newProcess returns the steps of a process: one that looks, and several that
// write and read.
func (s *simulation) newProcess() []func() {
	p := &simulated{simulation: s, mine: map[part]int{}, since: math.MaxInt64, told: map[postgres.Change]bool{}}
	w := rowcache.NewWatch(s.clock.Elapsed, func(_ postgres.Subject, key string) { p.level.Drop(int(key[0] - '0')) })
	l := rowcache.NewLevel[int, stored](w, 100)
	p.watch, p.level, p.shared = w, l, rowcache.NewShared(s.cache, w)
	p.rules = rule{w, w.Fresh, w.Now, w.Own, w.Unchanged, s.clock}
	steps := []func(){p.look, p.look}
	for range 2 {
		steps = append(steps, p.writer())
	}
	for range 4 {
		steps = append(steps, p.reader())
	}
	return steps
}

// look is the next step of the one look that a process has on its way: it
// begins, the database answers, and the answer arrives or does not.
func (p *simulated) look() {
	switch {
	case !p.asking:
		p.watch.Asking()
		p.asking, p.loaded = true, false
	case !p.loaded:
		p.pending, p.to, p.loaded = p.changes(), p.oldestRunning(), true
	case p.random.IntN(50) == 0:
		p.asking, p.since, p.told = false, math.MaxInt64, map[postgres.Change]bool{}
		p.watch.Lost()
	default:
		p.asking, p.since = false, p.to
		for _, c := range p.pending {
			p.last = max(p.last, c.At)
		}
		p.watch.Seen(p.pending, p.to)
	}
}

// changes is what feedReader asks for, in any order.
func (p *simulated) changes() (changes []postgres.Change) {
	since := min(p.since, p.oldestRunning())
	if p.mistake == looksAhead && p.since == math.MaxInt64 {
		since = math.MaxInt64
	}
	if p.mistake == asksSinceLast && p.since != math.MaxInt64 {
		since = max(since, p.last+1)
	}
	told := map[postgres.Change]bool{}
	for _, c := range p.committed {
		if c.At < since {
			continue
		}
		told[c] = true
		if !p.told[c] {
			changes = append(changes, c)
		}
	}
	p.told = told
	p.random.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	return changes
}

// writer returns the steps of somebody who changes a part again and again.
func (p *simulated) writer() func() {
	var xid postgres.Position
	var of part
	var number int
	state := 0
	return func() {
		switch state {
		case 0: // begin, and write
			of = part{p.random.IntN(simulatedKeys), p.random.IntN(2)}
			if p.locked[of] || p.random.IntN(20) > 0 {
				return
			}
			xid = p.next
			p.next += postgres.Position(1 + p.random.IntN(3))
			p.running[xid], p.locked[of] = true, true
			state = 1
		case 1: // commit, now or much later
			if p.random.IntN(3) > 0 && (p.random.IntN(100) > 0 || xid%5 > 0) {
				return
			}
			all := p.versions[of]
			number = all[len(all)-1].number + 1
			p.versions[of] = append(all, version{number, p.clock.Elapsed(), xid})
			p.committed = append(p.committed, postgres.Change{Subject: postgres.SubjectMember, Key: strconv.Itoa(of.key), At: xid})
			delete(p.running, xid)
			delete(p.locked, of)
			state = 2
		case 2: // the call returns
			if p.mistake != forgetsMine {
				p.rules.own(simulatedChange(of.key))
			}
			p.mine[of] = max(p.mine[of], number)
			state = 0
		}
	}
}

// reader returns the steps of somebody who reads a row as Store does.
func (p *simulated) reader() func() {
	var key, state int
	var began time.Duration
	var mine [2]int
	var mark rowcache.Mark
	var position postgres.Position
	var looked bool
	var row stored
	return func() {
		switch state {
		case 0: // from memory
			key, began = p.random.IntN(simulatedKeys), p.clock.Elapsed()
			mine = [2]int{p.mine[part{key, 0}], p.mine[part{key, 1}]}
			if found, ok := p.level.Get(key); ok {
				p.check("memory", key, found, began, mine)
				return
			}
			state++
		case 1:
			mark = p.level.Mark()
			state++
		case 2:
			position, looked = p.rules.now()
			state++
		case 3: // from the shared cache
			state++
			if found, ok := p.load(key); ok {
				p.check("the shared cache", key, found, began, mine)
				row, state = found, 6
			}
		case 4: // from the database
			row = p.read(key)
			p.check("the database", key, row, began, mine)
			state++
		case 5:
			if looked {
				p.shared.Save(p.ctx, simulatedTenant, strconv.Itoa(key), position, fmt.Sprint(row[0], " ", row[1]))
			}
			state++
		case 6:
			if p.mistake == lateMark {
				mark = p.level.Mark()
			}
			p.level.Put(mark, key, row)
			state = 0
		}
	}
}

// load returns what the shared cache has.
func (p *simulated) load(key int) (row stored, ok bool) {
	name := strconv.Itoa(key)
	var text string
	if p.mistake == trustsShared {
		var found struct {
			Row string `json:"row"`
		}
		value, _ := p.cache.Tenant(simulatedTenant).Get(p.ctx, rowcache.SharedKey(name))
		_ = json.Unmarshal(value, &found)
		text = found.Row
	} else {
		text, _ = p.shared.Load(p.ctx, simulatedTenant, name, simulatedChange(key))
	}
	n, _ := fmt.Sscan(text, &row[0], &row[1])
	return row, n == len(row)
}

// check notes what is wrong with a row that was asked for at a time, when the
// process had changed it itself as far as mine says.
func (p *simulated) check(from string, key int, row stored, asked time.Duration, mine [2]int) {
	p.served[from]++
	for half, number := range row {
		all := p.versions[part{key, half}]
		switch {
		case number < mine[half]:
			p.wrong = fmt.Sprintf("%s serves version %d after version %d was the process's own", from, number, mine[half])
		case number+1 < len(all) && all[number+1].since <= asked-rowcache.MaxStale:
			p.wrong = fmt.Sprintf("%s serves version %d, %v after the next was committed", from, number, asked-all[number+1].since)
		}
	}
}
