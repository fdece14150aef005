package notification_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rowhouse/adapters/memory"
	"rowhouse/core/domain"
	"rowhouse/core/notification"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// golden is a sample that never changes.
func golden() notification.Sample {
	about := notification.NewSample("grace@example.com")
	about.LogoURL = address + "/files/t0"
	return about
}

// preview sends one preview, and returns the mail.
func preview(t *testing.T, p notification.Preview, about notification.Sample) domain.Mail {
	t.Helper()
	mailbox := memory.NewMailbox()
	if err := p.Send(t.Context(), newService(mailbox, memory.NewClock()), about); err != nil {
		t.Fatalf("Send = %v", err)
	}
	mails, err := mailbox.List(t.Context(), "")
	if err != nil || len(mails) != 1 {
		t.Fatalf("%d mails, %v; want one", len(mails), err)
	}
	return mails[0]
}

// Whoever changes a mail sees what becomes of it in the diff of these files:
// go test ./core/notification -update rewrites them.
func TestGolden(t *testing.T) {
	t.Parallel()
	kept := map[string]bool{}
	for _, p := range notification.Previews() {
		name := filepath.Join("testdata", strings.ReplaceAll(p.Name, " ", "_"))
		kept[name+".html"], kept[name+".txt"] = true, true
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			mail := preview(t, p, golden())
			wantGolden(t, name+".html", mail.HTML)
			wantGolden(t, name+".txt", "Subject: "+mail.Subject+"\n\n"+mail.Text)
		})
	}
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !kept[file] {
			t.Errorf("%s is of no mail", file)
		}
	}
}

func wantGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is another; see what changed with -update. It is now:\n%s", file, got)
	}
}
