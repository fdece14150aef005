package domain

// Limit is the most that a plan allows of something, or Unlimited.
type Limit int64

// Unlimited is the limit that never refuses.
const Unlimited Limit = -1

// Allows reports whether the limit lets there be n.
func (l Limit) Allows(n int64) bool { return l == Unlimited || n <= int64(l) }

// Tier names a plan.
type Tier string

// The tiers, from the cheapest.
const (
	TierFree       Tier = "free"
	TierStarter    Tier = "starter"
	TierPro        Tier = "pro"
	TierEnterprise Tier = "enterprise"
)

// Interval is how often a plan is paid.
type Interval string

// The intervals.
const (
	IntervalMonth Interval = "month"
	IntervalYear  Interval = "year"
)

// Money is an amount in the currency's minor unit (cents), with its ISO 4217
// code in upper case.
type Money struct {
	Amount   int64
	Currency string
}

// Price is what a plan costs for each Interval.
type Price struct {
	Interval Interval
	Money    Money
}

// Limits are what a plan allows. The last three are of each usage period,
// which is a month.
type Limits struct {
	Members        Limit
	Workspaces     Limit
	APICalls       Limit
	StorageBytes   Limit
	ComputeSeconds Limit
}

// Plan is an offer of the catalogue.
type Plan struct {
	Tier        Tier
	Name        string
	Description string
	Prices      []Price
	Limits      Limits
	Features    []string
}

const gibibyte = 1 << 30

// Plans is the catalogue, cheapest first. It is the one place where prices
// and limits are decided.
var Plans = []Plan{
	{
		Tier: TierFree, Name: "Free", Description: "For trying things out.",
		Prices:   monthlyAndYearly(0),
		Limits:   Limits{Members: 5, Workspaces: 3, APICalls: 10_000, StorageBytes: 1 * gibibyte, ComputeSeconds: 1 * 3600},
		Features: []string{"Invitations by e-mail", "Open and restricted workspaces", "Community support"},
	},
	{
		Tier: TierStarter, Name: "Starter", Description: "For a team that ships.",
		Prices:   monthlyAndYearly(19_00),
		Limits:   Limits{Members: 10, Workspaces: 5, APICalls: 100_000, StorageBytes: 10 * gibibyte, ComputeSeconds: 10 * 3600},
		Features: []string{"Everything in Free", "More seats and workspaces", "E-mail support"},
	},
	{
		Tier: TierPro, Name: "Pro", Description: "For a company that depends on it.",
		Prices:   monthlyAndYearly(79_00),
		Limits:   Limits{Members: 50, Workspaces: 25, APICalls: 1_000_000, StorageBytes: 100 * gibibyte, ComputeSeconds: 100 * 3600},
		Features: []string{"Everything in Starter", "A million API calls a month", "Priority support"},
	},
	{
		Tier: TierEnterprise, Name: "Enterprise", Description: "For an organization without a ceiling.",
		Prices:   monthlyAndYearly(399_00),
		Limits:   Limits{Members: Unlimited, Workspaces: Unlimited, APICalls: Unlimited, StorageBytes: Unlimited, ComputeSeconds: Unlimited},
		Features: []string{"Everything in Pro", "No limits", "A contact who knows you"},
	},
}

// monthlyAndYearly prices a year at ten months.
func monthlyAndYearly(month int64) []Price {
	return []Price{
		{Interval: IntervalMonth, Money: Money{Amount: month, Currency: "USD"}},
		{Interval: IntervalYear, Money: Money{Amount: 10 * month, Currency: "USD"}},
	}
}

// PlanOf returns the plan of a tier. An unknown tier, which only a mistake in
// stored data could bring about, gets the free plan: never more than was paid.
func PlanOf(tier Tier) Plan {
	for i := range Plans {
		if Plans[i].Tier == tier {
			return Plans[i]
		}
	}
	return Plans[0]
}
