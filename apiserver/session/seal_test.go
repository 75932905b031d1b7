// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// keysOf returns keys that depend on a word, as on a secret.
func keysOf(secret string) Keys {
	return func(purpose string) ([]byte, error) {
		return []byte((secret + purpose + strings.Repeat("-", 32))[:32]), nil
	}
}

func TestSealedTextsOpen(t *testing.T) {
	keys := keysOf("a")
	for _, s := range []sealed{
		{noon.Add(time.Hour), false, "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"},
		{noon.Add(time.Second), true, ""},
		{noon.Add(time.Hour), true, strings.Repeat("token ", 2000)},
	} {
		text, err := keys.seal(forCookie, s)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := keys.open(forCookie, text, noon); err != nil || got != s {
			t.Errorf("%+v comes back as %+v, %v", s, got, err)
		}
		if again, _ := keys.seal(forCookie, s); again == text {
			t.Error("sealing twice gives the same text")
		}
		if s.text != "" && strings.Contains(text, s.text) {
			t.Error("the sealed text shows the token")
		}
	}
}

func TestOtherTextsDoNotOpen(t *testing.T) {
	keys := keysOf("a")
	text, err := keys.seal(forCookie, sealed{noon.Add(time.Hour), false, "token"})
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(text)
	raw[len(raw)/2] ^= 1
	for name, c := range map[string]struct {
		keys Keys
		of   purpose
		text string
		now  time.Time
	}{
		"another secret":   {keysOf("b"), forCookie, text, noon},
		"another purpose":  {keys, forLink, text, noon},
		"too late":         {keys, forCookie, text, noon.Add(time.Hour)},
		"a changed bit":    {keys, forCookie, base64.RawURLEncoding.EncodeToString(raw), noon},
		"a cut text":       {keys, forCookie, text[:len(text)-4], noon},
		"a longer text":    {keys, forCookie, text + "AAAA", noon},
		"nothing":          {keys, forCookie, "", noon},
		"a token":          {keys, forCookie, "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", noon},
		"another encoding": {keys, forCookie, text + "=", noon},
	} {
		if got, err := c.keys.open(c.of, c.text, c.now); !errors.Is(err, errUnsealed) || got != (sealed{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	away := errors.New("no key")
	none := Keys(func(string) ([]byte, error) { return nil, away })
	if _, err := none.open(forCookie, text, noon); !errors.Is(err, away) {
		t.Errorf("without a key: %v", err)
	}
	if _, err := none.seal(forCookie, sealed{}); !errors.Is(err, away) {
		t.Errorf("without a key: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	keys := keysOf("a")
	text, err := keys.seal(forCookie, sealed{noon.Add(time.Hour), false, "token"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text[:len(text)-1])
	f.Add("AAAA")
	f.Add(strings.Repeat("A", 200))
	f.Fuzz(func(t *testing.T, other string) {
		if _, err := keys.open(forCookie, other, noon); err == nil && other != text {
			t.Errorf("%q opens", other)
		}
	})
}

func TestASessionEndsWithItsToken(t *testing.T) {
	token := func(claims string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	for name, c := range map[string]struct {
		token string
		want  time.Duration
	}{
		"soon":                     {token(`{"exp":1767358800}`), time.Hour}, // 13:00
		"a fraction of a second":   {token(`{"exp":1767358800.7}`), time.Hour},
		"later than a session":     {token(`{"exp":1999999999}`), LongestSession},
		"far beyond any time":      {token(`{"exp":1e300}`), LongestSession},
		"it does not say":          {token(`{}`), LongestSession},
		"it says something else":   {token(`{"exp":"soon"}`), LongestSession},
		"before time":              {token(`{"exp":-5}`), LongestSession},
		"no web token":             {"secret", LongestSession},
		"a web token with no JSON": {"a.b.c", LongestSession},
	} {
		if got := endOf(c.token, noon); !got.Equal(noon.Add(c.want)) {
			t.Errorf("%s: %s, want %s", name, got, noon.Add(c.want))
		}
	}
}

// A code counts once. Codes whose time is over are forgotten, and there are not too many.
func TestUsedCodes(t *testing.T) {
	u := used{}
	if first, err := u.add("a", noon.Add(time.Minute), noon); !first || err != nil {
		t.Fatalf("a new code: %t %v", first, err)
	}
	if first, err := u.add("a", noon.Add(time.Minute), noon.Add(59*time.Second)); first || err != nil {
		t.Errorf("the same code: %t %v", first, err)
	}
	if _, err := u.add("b", noon.Add(5*time.Minute), noon.Add(time.Minute)); err != nil || len(u) != 1 {
		t.Errorf("%v, and %d codes are remembered after their time", err, len(u))
	}
	for i := range maxCodes - 1 {
		if _, err := u.add(strings.Repeat("x", i+1), noon.Add(5*time.Minute), noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if first, err := u.add("c", noon.Add(5*time.Minute), noon.Add(time.Minute)); first || err == nil {
		t.Errorf("one code too many: %t %v", first, err)
	}
}
