package seed

import "rowhouse/core/domain"

// person is a made-up user.
type person struct {
	key        string
	name       string
	email      domain.Email
	shows      string // what signing in as them shows; "" for the crowd
	unverified bool
	operator   bool
}

var people = []person{
	{key: "ada", name: "Ada Lovelace", email: "ada@acme.example", shows: "owner of Acme (pro), member of Globex"},
	{key: "grace", name: "Grace Hopper", email: "grace@acme.example", shows: "admin of Acme: manages members, not billing"},
	{key: "linus", name: "Linus Pauling", email: "linus@acme.example", shows: "member of Acme: sees open workspaces and his own"},
	{key: "hedy", name: "Hedy Lamarr", email: "hedy@globex.example", shows: "owner of Globex (free): every seat and workspace is taken"},
	{key: "rosa", name: "Rosalind Franklin", email: "rosalind@initech.example", shows: "owner of Initech (free after a downgrade): over its limits"},
	{key: "niels", name: "Niels Bohr", email: "niels@umbrella.example", shows: "owner of Umbrella (enterprise): suspended, can be read only"},
	{key: "emmy", name: "Emmy Noether", email: "emmy@example.com", shows: "no organization, address not confirmed yet", unverified: true},
	{key: "otto", name: "Otto Hahn", email: "otto@rowhouse.example", shows: "platform operator", operator: true},
	{key: "alan", name: "Alan Turing", email: "alan@acme.example"},
	{key: "mary", name: "Mary Jackson", email: "mary@acme.example"},
	{key: "edsger", name: "Edsger Dijkstra", email: "edsger@acme.example"},
	{key: "barbara", name: "Barbara Liskov", email: "barbara@acme.example"},
	{key: "frances", name: "Frances Allen", email: "frances@acme.example"},
	{key: "tony", name: "Tony Hoare", email: "tony@globex.example"},
	{key: "sophie", name: "Sophie Wilson", email: "sophie@globex.example"},
	{key: "lynn", name: "Lynn Conway", email: "lynn@globex.example"},
	{key: "marie", name: "Marie Curie", email: "marie@initech.example"},
	{key: "lise", name: "Lise Meitner", email: "lise@initech.example"},
	{key: "max", name: "Max Born", email: "max@initech.example"},
	{key: "erwin", name: "Erwin Schrödinger", email: "erwin@initech.example"},
	{key: "chien", name: "Chien-Shiung Wu", email: "chien-shiung@initech.example"},
	{key: "enrico", name: "Enrico Fermi", email: "enrico@initech.example"},
}

// company is a made-up organization.
type company struct {
	name, description string
	plan              domain.Tier
	owner             string
	members           []member
	workspaces        []division // beside the default one
	used              map[domain.Metric]int64
	downgradedTo      domain.Tier // "" for no downgrade
	suspended         bool
}

type member struct {
	who  string
	role domain.Role
}

// division is a made-up workspace.
type division struct {
	name, description string
	visibility        domain.Visibility
	members           []string
}

const megabyte = 1 << 20

var companies = []company{
	{
		name: "Acme", description: "Anvils, rockets and everything in between.", plan: domain.TierPro, owner: "ada",
		members: []member{
			{"grace", domain.RoleAdmin},
			{"linus", domain.RoleMember},
			{"alan", domain.RoleAdmin},
			{"mary", domain.RoleMember},
			{"edsger", domain.RoleMember},
			{"barbara", domain.RoleMember},
			{"frances", domain.RoleMember},
		},
		workspaces: []division{
			{"Engineering", "How things are built.", domain.VisibilityOpen, []string{"grace", "alan", "edsger", "barbara"}},
			{"Design", "How things look.", domain.VisibilityOpen, []string{"mary"}},
			{"Rocket Lab", "Not to be talked about yet.", domain.VisibilityRestricted, []string{"linus", "frances"}},
			{"Finance", "Books and budgets.", domain.VisibilityRestricted, []string{"grace"}},
		},
		used: map[domain.Metric]int64{
			domain.MetricAPICalls: 412_380, domain.MetricStorageBytes: 18_432 * megabyte, domain.MetricComputeSeconds: 41 * 3600,
		},
	},
	{
		name: "Globex", description: "Small, and full.", plan: domain.TierFree, owner: "hedy",
		members: []member{
			{"tony", domain.RoleAdmin}, {"sophie", domain.RoleMember}, {"lynn", domain.RoleMember}, {"ada", domain.RoleMember},
		},
		workspaces: []division{
			{"Research", "", domain.VisibilityOpen, []string{"sophie"}},
			{"Board", "", domain.VisibilityRestricted, []string{"tony"}},
		},
		used: map[domain.Metric]int64{
			domain.MetricAPICalls: 8_420, domain.MetricStorageBytes: 311 * megabyte, domain.MetricComputeSeconds: 3600,
		},
	},
	{
		name: "Initech", description: "Came down from a bigger plan.", plan: domain.TierStarter, downgradedTo: domain.TierFree, owner: "rosa",
		members: []member{
			{"marie", domain.RoleAdmin},
			{"lise", domain.RoleMember},
			{"max", domain.RoleMember},
			{"erwin", domain.RoleMember},
			{"chien", domain.RoleMember},
			{"enrico", domain.RoleMember},
		},
		workspaces: []division{
			{"Support", "", domain.VisibilityOpen, nil},
			{"Sales", "", domain.VisibilityOpen, nil},
			{"Archive", "", domain.VisibilityRestricted, nil},
		},
	},
	{
		name: "Umbrella", description: "Under review.", plan: domain.TierEnterprise, suspended: true, owner: "niels",
		members: []member{{"grace", domain.RoleMember}},
		used: map[domain.Metric]int64{
			domain.MetricAPICalls: 3_120_004, domain.MetricStorageBytes: 0, domain.MetricComputeSeconds: 0,
		},
	},
}
