package machine

import "time"

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
