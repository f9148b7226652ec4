using System.Globalization;
using System.Net;
using MailCluster.Actors.Sessions;
using MailCluster.Node.Configuration;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Content;

namespace MailCluster.EndToEnd.Tests.Configuration;

/// <summary>The configuration as a function: every trap that HOCON and its environment lay, and what is said about each.</summary>
public class ConfigurationReaderTests
{
    private static readonly HostFacts Facts = new("relay-1.example.net", 16L << 30, "/srv/mail");

    internal static ConfigurationResult Read(string text, params (string Name, string Value)[] environment)
        => ConfigurationReader.Read(text, "/etc/mailcluster/cluster.hocon", environment.Select(v => KeyValuePair.Create(v.Name, v.Value)), Facts);

    private static NodeOptions Options(string text, params (string Name, string Value)[] environment)
    {
        var result = Read(text, environment);
        Assert.Empty(result.Errors);
        return result.Options!;
    }

    /// <summary>What stops the start: the text inside <c>mailcluster { }</c>, and what the message must hold.</summary>
    public static TheoryData<string, string, string> Mistakes => new()
    {
        { "a misspelt key names the nearest", "delivery { prot = 25 }", "mailcluster.delivery.prot: unknown key; did you mean \"port\"?" },
        { "a misspelt section names the nearest", "delivry { port = 25 }", "mailcluster.delivry: unknown key; did you mean \"delivery\"?" },
        { "a key in the wrong block names the right one", "idle-timout = 5m, lifetime = 5d", "mailcluster.lifetime: unknown key; did you mean \"mailcluster.retry.lifetime\"?" },
        { "a key of a list's element", "listeners = [ { name = a, binds = \"127.0.0.1:25\" } ]", "mailcluster.listeners[0].binds: unknown key; did you mean \"bind\"?" },
        { "an underscore for a hyphen", "limits { message_size = 5 MiB }", "did you mean \"message-size\"?" },
        { "keys are in small letters", "limits { Recipients = 100 }", "did you mean \"recipients\"?" },
        { "a duration without its unit would be milliseconds", "limits { idle-timeout = 30 }", "mailcluster.limits.idle-timeout: \"30\": the unit is missing; expected a duration" },
        { "an unknown unit of time", "limits { idle-timeout = 5 min }", "\"min\" is no unit of time" },
        { "a size without its unit", "limits { message-size = 52428800 }", "\"52428800\": the unit is missing; expected a size" },
        { "50M and 50MB differ, so M is refused", "limits { message-size = 50M }", "\"M\" may mean two things; write MiB (1024) or MB (1000)" },
        { "a negative duration", "retry { first = -5m }", "mailcluster.retry.first: \"-5m\": expected a duration" },
        { "a duration over every bound", "retry { first = 99999999999999d }", "over a hundred years" },
        { "an idle timeout of nothing", "limits { idle-timeout = 0s }", "allowed are 1ms to 1d" },
        { "RFC 5321 4.5.3.1.8: at least 100 recipients", "limits { recipients = 99 }", "mailcluster.limits.recipients: \"99\": allowed are 100 to 1000000" },
        { "a port over 65535", "delivery { port = 65536 }", "allowed are 1 to 65535" },
        { "a number with a fraction where none may be", "limits { connections = 1.5 }", "expected a whole number" },
        { "a switch that is none", "delivery { enabled = maybe }", "\"maybe\": expected on or off" },
        { "a bind without port", "http { bind = \"127.0.0.1\" }", "mailcluster.http.bind: \"127.0.0.1\": expected an address and a port" },
        { "a bind by name", "http { bind = \"localhost:8080\" }", "expected an address and a port" },
        { "an address in the short form that the runtime would take", "http { bind = \"127.1:8080\" }", "expected an address and a port" },
        { "a network with bits beyond its prefix", "relay { networks = [\"10.1.0.0/8\"] }", "mailcluster.relay.networks[0]: \"10.1.0.0/8\": the address has bits beyond the first 8" },
        { "the whole internet is an open relay", "relay { networks = [\"0.0.0.0/0\"] }", "an open relay" },
        { "the whole internet by IPv6", "relay { networks = [\"::/0\"] }", "an open relay" },
        { "an IPv4 network in IPv6 form", "relay { networks = [\"::ffff:10.0.0.0/104\"] }", "write an IPv4 network in its own form" },
        { "a network that is none", "relay { networks = [\"lan\"] }", "expected a network" },
        { "one network twice", "relay { networks = [\"10.0.0.0/8\", \"10.0.0.0/8\"] }", "is in the list already" },
        { "a value where a list is meant", "relay { networks = \"10.0.0.0/8\" }", "mailcluster.relay.networks: expected a list in brackets" },
        { "a list where a value is meant", "hostname = [a]", "mailcluster.hostname: expected a domain" },
        { "a value where a block is meant", "delivery = 25", "mailcluster.delivery: expected a block" },
        { "a block where a value is meant", "hostname { name = a }", "mailcluster.hostname: expected a domain" },
        { "a list where a block is meant", "http = []", "mailcluster.http: expected a block" },
        { "words where blocks are meant", "routes = [ \"*\" ]", "mailcluster.routes[0]: expected a block" },
        { "a domain that is none", "relay { domains = [\"exa mple.org\"] }", "mailcluster.relay.domains[0]: \"exa mple.org\": expected a domain" },
        { "all domains would be an open relay", "relay { domains = [\"*\"] }", "expected a domain" },
        { "a route without its end", "routes = [ { domain = \"*\" } ]", "mailcluster.routes[0].to: is missing" },
        { "a route without its beginning", "routes = [ { to = \"127.0.0.1:2526\" } ]", "mailcluster.routes[0].domain: is missing" },
        { "a route without port", "routes = [ { domain = \"*\", to = \"127.0.0.1\" } ]", "expected a host and a port" },
        { "two routes for one domain", "routes = [ { domain = a.example, to = \"b.example:25\" }, { domain = A.example, to = \"c.example:25\" } ]", "two routes for \"a.example\"" },
        { "a route to ourselves", "routes = [ { domain = \"*\", to = \"127.0.0.1:2525\" } ]", "leads to this node's own listener \"relay\"" },
        { "a route to ourselves behind a wildcard", "listeners = [ { bind = \"0.0.0.0:25\" } ], routes = [ { domain = \"*\", to = \"127.0.0.1:25\" } ]", "leads to this node's own listener" },
        { "the header from nobody", "listeners = [ { proxy-protocol = required } ]", "mailcluster.listeners: listener \"relay\" has proxy-protocol = required, but proxy-peers names no load balancer" },
        { "the header from a list that is empty", "listeners = [ { proxy-protocol = required } ], proxy-peers = []", "mailcluster.proxy-peers: listener \"relay\" has proxy-protocol = required" },
        { "load balancers and no header to believe", "proxy-peers = [\"192.0.2.1\"]", "mailcluster.proxy-peers: no listener has proxy-protocol = required: no header would ever be read" },
        { "everybody as a load balancer", "listeners = [ { proxy-protocol = required } ], proxy-peers = [\"0.0.0.0/0\"]", "whoever reaches the port could say that he is any client" },
        { "everybody as a load balancer by IPv6", "listeners = [ { proxy-protocol = required } ], proxy-peers = [\"::/0\"]", "whoever reaches the port could say that he is any client" },
        { "a header where it comes", "listeners = [ { proxy-protocol = optional } ], proxy-peers = [\"192.0.2.1\"]", "mailcluster.listeners[0].proxy-protocol: \"optional\": expected off or required" },
        { "no listener at all", "listeners = []", "nobody could hand in mail" },
        { "a second listener without bind", "listeners = [ { name = a }, { name = b } ]", "mailcluster.listeners[1].bind: is missing" },
        { "two listeners of one name", "listeners = [ { name = a, bind = \"127.0.0.1:25\" }, { name = a, bind = \"127.0.0.1:26\" } ]", "two listeners are named \"a\"" },
        { "two listeners on one port", "listeners = [ { name = a, bind = \"127.0.0.1:25\" }, { name = b, bind = \"127.0.0.1:25\" } ]", "127.0.0.1:25 is the same port as listeners[0].bind" },
        { "a wildcard over an address", "listeners = [ { name = a, bind = \"0.0.0.0:8080\" } ]", "mailcluster.listeners: 0.0.0.0:8080 is the same port as http.bind = 127.0.0.1:8080" },
        { "an IPv6 wildcard takes IPv4 too", "listeners = [ { bind = \"[::]:8080\" } ]", "is the same port" },
        { "the cluster on the port of HTTP", "cluster { bind = \"127.0.0.1:8080\" }", "mailcluster.cluster.bind: 127.0.0.1:8080 is the same port as http.bind" },
        { "an operators' port for the whole network", "admin { bind = \"0.0.0.0:8081\" }", "only a loopback address is allowed" },
        { "a wildcard that peers cannot reach", "cluster { bind = \"0.0.0.0:4053\" }", "peers cannot reach 0.0.0.0; name in cluster.address" },
        { "a first wait over the longest", "retry { first = 5h, max = 4h }", "mailcluster.retry.max: the longest wait, 4h, is shorter than the first" },
        { "a notice after the end", "retry { lifetime = 1h, delay-notice = 2h }", "mailcluster.retry.delay-notice: 2h is not before the end, retry.lifetime = 1h" },
        { "a notice at the end", "retry { lifetime = 1h, delay-notice = 1h }", "nobody would ever be told" },
        { "waits that become shorter", "retry { factor = 0.5 }", "allowed are 1 to 100" },
        { "jitter of all and more", "retry { jitter = 1.5 }", "allowed are 0 to 0.9" },
        { "a number that is none", "retry { factor = NaN }", "expected a number" },
        { "one site may have more than all", "delivery { connections = 5, connections-per-site = 20 }", "mailcluster.delivery.connections-per-site: 20 to one site, but delivery.connections allows 5 in all" },
        { "one client may have more than all", "limits { connections = 10, connections-per-client = 20 }", "mailcluster.limits.connections-per-client: 20 for one client, but limits.connections allows 10" },
        { "large content over a quarter of a segment", "spool { segment-size = 2 MiB, large-content = 1 MiB }", "at most a quarter of spool.segment-size" },
        { "a first break over the longest", "sites { broken-first = 10m }", "mailcluster.sites.broken-first: 10m is longer than the longest, sites.broken-max = 5m" },
        { "an event log without a file", "events { keep-files = 0 }", "allowed are 1 to 100000" },
        { "TLS is not there yet", "listeners = [ { tls = starttls } ]", "mailcluster.listeners[0].tls: \"starttls\": this version does not do it; leave it at off" },
        { "a word that tls will never know", "listeners = [ { tls = sometimes } ]", "expected off, starttls or implicit" },
        { "AUTH is not there yet", "listeners = [ { auth = optional } ]", "this version does not do it" },
        { "certificates are not there yet", "tls { certificates = [ { certificate = a, key = b } ] }", "mailcluster.tls.certificates: this version does not do it; leave it at []" },
        { "users are not there yet", "users { file = \"users.json\" }", "mailcluster.users.file: \"users.json\": this version does not do it" },
        { "a node that is not among its cluster's", "cluster { nodes = [\"a.example:4053\", \"b.example:4053\"] }", "mailcluster.cluster.nodes: this node, which calls itself 127.0.0.1:4053 (cluster.address), is not among them; if a.example:4053 is meant, set cluster.address" },
        { "a node that calls itself otherwise", "cluster { address = \"10.0.0.1:4053\", nodes = [\"a.example:4053\", \"10.0.0.1:4054\"] }", "this node, which calls itself 10.0.0.1:4053 (cluster.address), is not among them; if 10.0.0.1:4054 is meant" },
        { "a node that stands there twice", "cluster { nodes = [\"127.0.0.1:4053\", \"127.0.0.1:4053\"] }", "mailcluster.cluster.nodes[1]: 127.0.0.1:4053 is in the list already" },
        { "a node without its port", "cluster { nodes = [\"127.0.0.1\"] }", "mailcluster.cluster.nodes[0]: \"127.0.0.1\": expected a host and a port" },
        { "peers cannot know a port that is any", "cluster { bind = \"127.0.0.1:0\", address = \"127.0.0.1:4053\", nodes = [\"127.0.0.1:4053\"] }", "port 0 is any free one, which peers cannot know" },
        { "TLS between nodes without a key", "cluster { tls { certificate = a, authority = c } }", "mailcluster.cluster.tls.certificate: mutual TLS needs all three of certificate, key and authority; missing: cluster.tls.key" },
        { "a service without the number of its pods", "cluster { service = mail-nodes }", "mailcluster.cluster.service: needs cluster.replicas" },
        { "a number of pods without their service", "cluster { replicas = 3 }", "mailcluster.cluster.replicas: has no effect without cluster.service" },
        { "a pod on loopback", "cluster { service = mail-nodes, replicas = 3 }", "mailcluster.cluster.service: peers cannot reach cluster.bind = 127.0.0.1:4053" },
        { "a service and nodes", "cluster { service = mail-nodes, replicas = 3, nodes = [\"127.0.0.1:4053\"] }", "only one of the two may be set" },
        { "no room above the cluster's port", "cluster { bind = \"127.0.0.1:65500\" }", "port 65500 leaves no room for the bootstrap port 37 above it; set cluster.bootstrap" },
        { "the bootstrap endpoint on another port of ours", "cluster { bootstrap = \"127.0.0.1:8080\", nodes = [\"127.0.0.1:4053\"] }", "127.0.0.1:8080 is the same port as http.bind" },
        { "a substitution would be empty without a word", "hostname = ${?POD}", "substitutions are not understood; set the environment variable MAILCLUSTER__HOSTNAME instead" },
        { "an unknown log level", "log { level = verbose }", "expected debug, info, warning or error" },
        { "an empty directory", "data-directory = \"\"", "may not be empty" },
        { "a duplicate key", "hostname = a.example, hostname = b.example", "mailcluster.hostname: duplicate key" },
        { "a duplicate by a dotted key", "http.bind = \"127.0.0.1:1\", http { bind = \"127.0.0.1:2\" }", "duplicate key" },
        { "a duplicate block", "http { bind = \"127.0.0.1:1\" }, http { }", "duplicate key" },
        { "a key below a value", "hostname = a, hostname.b = c", "has a value already" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Stops_with_a_message_at(string mistake, string section, string expected)
    {
        var result = Read($"mailcluster {{\n{section}\n}}");
        Assert.Null(result.Options);
        Assert.True(result.Errors.Any(error => error.ToString().Contains(expected, StringComparison.Ordinal)), $"{mistake}: {string.Join('\n', result.Errors)}");
        Assert.All(result.Errors, error => Assert.StartsWith("/etc/mailcluster/cluster.hocon:", error.ToString(), StringComparison.Ordinal));
    }

    /// <summary>Whole files that the parser behind would let pass, or would break off at without a place.</summary>
    public static TheoryData<string, string, string> Broken => new()
    {
        { "a brace that does not close", "mailcluster {\n  http {\n    bind = \"127.0.0.1:1\"\n}\n", ":5: the file ends, but the brace opened on line 1 is not closed" },
        { "a brace too many", "mailcluster { }\n}\n", ":2: a closing brace too many" },
        { "a bracket that does not close", "mailcluster {\n  relay { networks = [ \"10.0.0.0/8\" \n}\n", ":3: a value is missing" },
        { "a quotation mark that does not close", "mailcluster {\n  hostname = \"a\n}\n", ":2: a quotation mark is not closed on its line" },
        { "a key without value", "mailcluster {\n  hostname\n}\n", ":2: \"hostname\" is followed by nothing" },
        { "a value without a word", "mailcluster {\n  hostname =\n}\n", "a value is missing" },
        { "two members on a line without comma", "mailcluster {\n  http { } admin { }\n}\n", ":2: \"admin\" where a comma or the end of the line is expected" },
        { "another file", "include \"other.hocon\"\n", ":1: \"include\" is not understood" },
        { "adding to a list", "mailcluster {\n  relay.networks += \"10.0.0.0/8\"\n}\n", ":2: \"+=\" is not understood" },
        { "an unknown section", "mailclstr { }\n", ":1: mailclstr: unknown section; did you mean \"mailcluster\"?" },
        { "no section at all", "hostname = a\n", ":1: hostname: unknown section" },
        { "a section that is a value", "mailcluster = on\n", ":1: mailcluster: expected a block" },
        { "a section twice", "mailcluster { }\nmailcluster { }\n", ":2: mailcluster: duplicate key: it stands at /etc/mailcluster/cluster.hocon:1" },
        { "an equals sign in a value", "mailcluster {\n  hostname = a = b\n}\n", ":2: \"=\" inside a value" },
        { "an unknown escape", "mailcluster {\n  hostname = \"a\\qb\"\n}\n", "is no escape" },
        { "a seed node", "akka {\n  cluster.seed-nodes = [\"akka.tcp://a@b:1\"]\n}\n", ":2: akka.cluster.seed-nodes: may not be set: it comes from mailcluster.cluster.nodes" },
        { "Akka's own port", "akka.remote.dot-netty.tcp { port = 1 }\n", ":1: akka.remote.dot-netty.tcp.port: may not be set" },
        { "another provider", "akka.actor.provider = local\n", "akka.actor.provider: may not be set" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Stops_with_the_line_of(string mistake, string text, string expected)
    {
        var result = Read(text);
        Assert.Null(result.Options);
        Assert.True(result.Errors.Any(error => error.ToString().Contains(expected, StringComparison.Ordinal)), $"{mistake}: {string.Join('\n', result.Errors)}");
    }

    /// <summary>Variables, and what is said about them over a file with one network and one listener.</summary>
    public static TheoryData<string, string, string, string> Variables => new()
    {
        { "an unknown variable", "MAILCLUSTER__DELIVERY__PROT", "1", "environment variable MAILCLUSTER__DELIVERY__PROT: mailcluster.delivery.prot: unknown key; did you mean \"port\"?" },
        { "an unknown section", "MAILCLUSTER__DELIVRY__PORT", "1", "mailcluster.delivry: unknown key; did you mean \"delivery\"?" },
        { "a bad value", "MAILCLUSTER__LIMITS__IDLE_TIMEOUT", "30", "environment variable MAILCLUSTER__LIMITS__IDLE_TIMEOUT: mailcluster.limits.idle-timeout: \"30\": the unit is missing" },
        { "an element that is not there", "MAILCLUSTER__LISTENERS__2__BIND", "127.0.0.1:26", "there is no element 2: \"listeners\" has 1" },
        { "a name where an index belongs", "MAILCLUSTER__LISTENERS__RELAY__BIND", "127.0.0.1:26", "\"listeners\" is a list; its elements are numbered from 0" },
        { "a gap in a list", "MAILCLUSTER__RELAY__NETWORKS__1", "10.0.0.0/8", "numbered from 0 without a gap" },
        { "a key below a value", "MAILCLUSTER__HOSTNAME__X", "a", "\"hostname\" is a value" },
        { "three underscores and one", "MAILCLUSTER____HOSTNAME", "a", "here is an empty one" },
        { "an unclosed list", "MAILCLUSTER__RELAY__NETWORKS", "[\"10.0.0.0/8\"", "expected a list in brackets" },
        { "a computed key of Akka", "AKKA__REMOTE__DOT_NETTY__TCP__PORT", "1", "environment variable AKKA__REMOTE__DOT_NETTY__TCP__PORT: akka.remote.dot-netty.tcp.port: may not be set" },
    };

    private const string OneOfEach = "mailcluster { hostname = a.example, relay.networks = [\"192.0.2.0/24\"], listeners = [ { name = in, bind = \"127.0.0.1:25\", bare-newline = normalize } ] }";

    [Theory]
    [MemberData(nameof(Variables))]
    public void Stops_with_the_name_of_the_variable_at(string mistake, string name, string value, string expected)
    {
        var result = Read(OneOfEach, (name, value));
        Assert.Null(result.Options);
        var error = Assert.Single(result.Errors);
        Assert.True(error.ToString().Contains(expected, StringComparison.Ordinal) && error.ToString().Contains(name, StringComparison.Ordinal), $"{mistake}: {error}");
    }

    [Fact]
    public void Tells_of_all_mistakes_at_once_in_the_order_of_their_lines()
    {
        var result = Read("mailcluster {\n  hostname = \"a b\"\n  delivery { prot = 1 }\n  retry { first = 5 }\n}\n", ("MAILCLUSTER__X", "1"));
        Assert.Equal([2, 3, 4], result.Errors[..3].Select(error => ((Origin.File)error.Origin).Line));
        Assert.Equal("environment variable MAILCLUSTER__X", result.Errors[3].Origin.ToString());
        Assert.Equal(4, result.Errors.Length);
    }

    [Fact]
    public void Starts_from_nothing_with_a_relay_for_this_machine()
    {
        var result = ConfigurationReader.Read("", null, [], Facts);
        Assert.Empty(result.Errors);
        var options = result.Options!;
        Assert.Equal("relay-1.example.net", options.Hostname);
        Assert.Equal("/srv/mail/data", options.DataDirectory);
        Assert.Equal("/srv/mail/data/spool", options.Spool.Directory);
        var listener = Assert.Single(options.Listeners);
        Assert.Equal(("relay", new IPEndPoint(IPAddress.Loopback, 2525), BareNewlines.Reject), (listener.Name, listener.Bind, listener.BareNewline));
        Assert.Equal([IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")], options.Relay.Networks);
        Assert.Empty(options.Relay.Domains);
        Assert.Equal(50L << 20, options.Limits.MessageSize);
        Assert.Equal(1_000_000, options.Limits.Queue);
        Assert.Empty(options.Routes);
        Assert.True(options.Delivery.Enabled);
        Assert.False(options.Delivery.AllowLoopback);
        Assert.Equal(TimeSpan.FromMinutes(10), options.Delivery.Timeouts.DataTermination);
        Assert.Equal((TimeSpan.FromMinutes(5), 2.0, TimeSpan.FromHours(4), TimeSpan.FromDays(5), TimeSpan.FromHours(4)),
            (options.Retry.First, options.Retry.Factor, options.Retry.Max, options.Retry.Lifetime, options.Retry.DelayNotice));
        Assert.Equal(("127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:4053"), (options.Http.Bind.ToString(), options.Admin.Bind.ToString(), options.Cluster.Bind.ToString()));
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60)), (options.Shutdown.Delay, options.Shutdown.Deliveries));
        Assert.All(result.Effective, value => Assert.IsType<Origin.Default>(value.Origin));
    }

    [Fact]
    public void Reads_the_names_that_others_rely_on()
    {
        var options = Options("""
            mailcluster {
              hostname = "relay.example.net"
              data-directory = "/var/spool/mailcluster"
              listeners = [ { name = relay, bind = "127.0.0.1:2525", tls = off, auth = off, proxy-protocol = off }
                            { name = inside, bind = "[::1]:2527", bare-newline = normalize } ]
              relay    { networks = ["127.0.0.0/8", "::1/128", 192.0.2.7], domains = ["Example.ORG", "münchen.example"] }
              limits   { message-size = 50 MiB, recipients = 1000, connections = 10000, connections-per-client = 1000, idle-timeout = 5m,
                         queue = 1000000, queue-per-domain = 1000000 }
              dns      { servers = ["127.0.1.1:53", "2001:db8::53"], timeout = 5s }
              routes   = [ { domain = "*", to = "127.0.0.1:2526" }, { domain = example.com, to = "mail.example.com:587" } ]
              delivery { enabled = on, port = 25, allow-loopback = off, connections-per-site = 10, messages-per-connection = 100, recipients-per-message = 100,
                         timeouts { connect = 30s, greeting = 5m, ehlo = 5m, mail = 5m, rcpt = 5m, data = 2m, data-block = 3m, data-termination = 10m } }
              retry    { first = 5m, factor = 2, max = 4h, jitter = 0.1, lifetime = 5d, delay-notice = 4h }
              http     { bind = "127.0.0.1:8080" }
              admin    { bind = "127.0.0.1:8081" }
              tls      { certificates = [] }
              users    { file = "" }
              proxy-peers = []
              cluster  { bind = "127.0.0.1:4053", address = "mail-0.mail:4053", nodes = [], handover = "127.0.0.1:4054", tls { certificate = "", key = "", authority = "" } }
              shutdown { delay = 5s, deliveries = 60s }
            }
            """);
        Assert.Equal("/var/spool/mailcluster", options.DataDirectory);
        Assert.Equal(["relay", "inside"], options.Listeners.Select(listener => listener.Name));
        Assert.Equal(BareNewlines.Normalize, options.Listeners[1].BareNewline);
        Assert.Equal(IPNetwork.Parse("192.0.2.7/32"), options.Relay.Networks[2]);
        Assert.Equal([new DomainName("example.org"), new DomainName("xn--mnchen-3ya.example")], options.Relay.Domains);
        Assert.Equal(["127.0.1.1:53", "[2001:db8::53]:53"], options.Dns.Servers.Select(server => server.ToString()));
        Assert.Equal((null, "127.0.0.1", 2526), (options.Routes[0].Domain, options.Routes[0].Host, options.Routes[0].Port));
        Assert.Equal((new DomainName("example.com"), "mail.example.com", 587), (options.Routes[1].Domain, options.Routes[1].Host, options.Routes[1].Port));
        Assert.Equal(("mail-0.mail", 4053), (options.Cluster.Host, options.Cluster.Port));
    }

    [Fact]
    public void A_pod_computes_its_cluster_from_its_own_name()
    {
        var result = ConfigurationReader.Read("mailcluster.cluster { bind = \"0.0.0.0:4053\", service = mail-nodes, replicas = 3 }", null, [], new("mail-1", 1L << 30, "/tmp"));
        Assert.Empty(result.Errors);
        Assert.Equal(["mail-0.mail-nodes:4053", "mail-1.mail-nodes:4053", "mail-2.mail-nodes:4053"], result.Options!.Cluster.Nodes);
        Assert.Equal("mail-1.mail-nodes:4053", result.Options.Cluster.Name);
        Assert.Equal("0.0.0.0:4090", result.Options.Cluster.Bootstrap.ToString());

        // One that was added joins the three.
        var added = ConfigurationReader.Read("mailcluster.cluster { bind = \"0.0.0.0:4053\", service = mail-nodes, replicas = 3 }", null, [], new("mail-7", 1L << 30, "/tmp"));
        Assert.Empty(added.Errors);
        Assert.Equal(("mail-7.mail-nodes:4053", 3), (added.Options!.Cluster.Name, added.Options.Cluster.Nodes.Length));
    }

    [Fact]
    public void A_service_needs_a_pod()
        => Assert.Contains("this machine's name, relay.example.net, does not end in a number", Assert.Single(ConfigurationReader.Read("mailcluster.cluster { service = mail-nodes, replicas = 3 }", null, [], new("relay.example.net", 1L << 30, "/tmp")).Errors).Reason, StringComparison.Ordinal);

    [Fact]
    public void Files_of_the_cluster_s_TLS_count_from_the_configuration()
        => Assert.Equal(new("/etc/mailcluster/tls.crt", "/run/tls.key", "/etc/mailcluster/ca.crt"), Options("mailcluster.cluster.tls { certificate = tls.crt, key = \"/run/tls.key\", authority = ca.crt }").Cluster.Tls);

    [Fact]
    public void Reads_and_shows_the_load_balancers_and_the_listener_behind_them()
    {
        const string Text = "mailcluster { proxy-peers = [\"192.0.2.0/28\", \"2001:db8::1\"], listeners = [ { bind = \"0.0.0.0:2525\", proxy-protocol = required }, { bind = \"127.0.0.1:2526\" } ] }";
        var options = Options(Text);
        Assert.Equal([IPNetwork.Parse("192.0.2.0/28"), IPNetwork.Parse("2001:db8::1/128")], options.ProxyPeers);
        Assert.Equal([ProxyProtocol.Required, ProxyProtocol.Off], options.Listeners.Select(listener => listener.ProxyProtocol));
        var shown = Read(Text).Effective.Where(value => value.Key.Contains("proxy", StringComparison.Ordinal)).ToDictionary(value => value.Key, value => value.Value);
        Assert.Equal("[\"192.0.2.0/28\", \"2001:db8::1/128\"]", shown["mailcluster.proxy-peers"]);
        Assert.Equal(("required", "off"), (shown["mailcluster.listeners[0].proxy-protocol"], shown["mailcluster.listeners[1].proxy-protocol"]));
    }

    [Fact]
    public void A_load_balancer_that_cannot_be_read_is_one_mistake_and_not_two()
        => Assert.Single(Read("mailcluster { proxy-peers = [\"0.0.0.0/0\"], listeners = [ { proxy-protocol = required } ] }").Errors);

    [Fact]
    public void A_list_replaces_the_default_and_never_joins_it()
    {
        Assert.Empty(Options("mailcluster { relay { networks = [] } }").Relay.Networks);
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8")], Options("mailcluster { relay { networks = [\"10.0.0.0/8\"] } }").Relay.Networks);
    }

    [Fact]
    public void The_environment_replaces_a_list_whole()
    {
        const string two = "mailcluster { relay { networks = [\"10.0.0.0/8\", \"192.0.2.0/24\"] } }";
        Assert.Equal([IPNetwork.Parse("172.16.0.0/12")], Options(two, ("MAILCLUSTER__RELAY__NETWORKS__0", "172.16.0.0/12")).Relay.Networks);
        Assert.Empty(Options(two, ("MAILCLUSTER__RELAY__NETWORKS", "[]")).Relay.Networks);
        Assert.Equal(2, Options(two, ("MAILCLUSTER__RELAY__NETWORKS", "[\"172.16.0.0/12\", ::1]")).Relay.Networks.Length);
        Assert.Equal(11, Options("", [.. Enumerable.Range(0, 11).Select(i => (string.Create(CultureInfo.InvariantCulture, $"MAILCLUSTER__RELAY__NETWORKS__{i}"), $"10.{i}.0.0/16"))]).Relay.Networks.Length);
    }

    [Fact]
    public void The_environment_changes_one_key_of_one_element()
    {
        var options = Options("mailcluster { listeners = [ { name = a, bind = \"127.0.0.1:25\", bare-newline = normalize }, { name = b, bind = \"127.0.0.1:26\" } ] }",
            ("MAILCLUSTER__LISTENERS__0__BIND", "127.0.0.1:2625"));
        Assert.Equal([("a", 2625, BareNewlines.Normalize), ("b", 26, BareNewlines.Reject)], options.Listeners.Select(listener => (listener.Name, listener.Bind.Port, listener.BareNewline)));
    }

    [Fact]
    public void The_environment_changes_the_default_listener_and_adds_routes()
    {
        var options = Options("", ("MAILCLUSTER__LISTENERS__0__BIND", "0.0.0.0:25"), ("MAILCLUSTER__ROUTES__0__DOMAIN", "*"), ("MAILCLUSTER__ROUTES__0__TO", "127.0.0.1:2526"),
            ("MAILCLUSTER__ROUTES__1__DOMAIN", "example.org"), ("MAILCLUSTER__ROUTES__1__TO", "[::1]:2526"), ("MAILCLUSTER__DELIVERY__TIMEOUTS__DATA_TERMINATION", "1m"));
        Assert.Equal("0.0.0.0:25", Assert.Single(options.Listeners).Bind.ToString());
        Assert.Equal(["127.0.0.1", "::1"], options.Routes.Select(route => route.Host));
        Assert.Equal(TimeSpan.FromMinutes(1), options.Delivery.Timeouts.DataTermination);
    }

    [Fact]
    public void Variables_with_a_single_underscore_belong_to_others()
        => Assert.Equal(25, Options("", ("MAILCLUSTER_PORT", "tcp://10.0.0.1:25"), ("MAILCLUSTER_SERVICE_HOST", "10.0.0.1"), ("AKKA_X", "1")).Delivery.Port);

    [Fact]
    public void Two_variables_for_one_key_are_a_mistake()
        => Assert.Contains("sets the same key", Assert.Single(Read("", ("MAILCLUSTER__DELIVERY__PORT", "1"), ("mailcluster__delivery__port", "2")).Errors).Reason, StringComparison.Ordinal);

    [Fact]
    public void The_section_akka_goes_to_akka_with_its_overrides()
    {
        var result = Read("akka { loglevel = INFO, cluster { roles = [mail], split-brain-resolver.stable-after = 7s } }",
            ("AKKA__CLUSTER__SPLIT_BRAIN_RESOLVER__STABLE_AFTER", "9s"), ("AKKA__CLUSTER__ROLES__0", "delivery"));
        Assert.Empty(result.Errors);
        Assert.Equal("INFO", result.Akka.GetString("akka.loglevel"));
        Assert.Equal(TimeSpan.FromSeconds(9), result.Akka.GetTimeSpan("akka.cluster.split-brain-resolver.stable-after"));
        Assert.Equal(["delivery"], result.Akka.GetStringList("akka.cluster.roles"));
        Assert.Contains(result.Effective, value => value.ToString() == "akka.loglevel = INFO  # /etc/mailcluster/cluster.hocon:1");
        Assert.Contains(result.Effective, value => value.Key == "akka.cluster.roles" && value.Origin is Origin.Environment);
        Assert.Single(result.Effective, value => value.Key == "akka.cluster.split-brain-resolver.stable-after");
    }

    [Fact]
    public void Secrets_are_not_printed()
    {
        var result = Read("akka.remote.dot-netty.tcp.certificate.password = hunter2", ("AKKA__X__SECRET", "hunter3"));
        Assert.Empty(result.Errors);
        Assert.Equal(2, result.Effective.Count(value => value.Value == "\"***\""));
        Assert.DoesNotContain(result.Effective, value => value.ToString().Contains("hunter", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_value_has_its_origin()
    {
        var result = Read("mailcluster {\n  hostname = a.example\n}", ("MAILCLUSTER__DELIVERY__PORT", "2526"));
        Assert.Contains(result.Effective, value => value.ToString() == "mailcluster.hostname = a.example  # /etc/mailcluster/cluster.hocon:2");
        Assert.Contains(result.Effective, value => value.ToString() == "mailcluster.delivery.port = 2526  # environment variable MAILCLUSTER__DELIVERY__PORT");
        Assert.Contains(result.Effective, value => value.ToString() == "mailcluster.retry.first = 5m  # default");
    }

    [Fact]
    public void What_check_prints_can_be_read_again()
    {
        var printed = Read("mailcluster { hostname = a.example, relay.networks = [\"10.0.0.0/8\"], limits.message-size = 7 MB, retry.first = 90s, cluster.address = \"a.example:4053\" }");
        var again = Read(string.Join('\n', printed.Effective.Where(value => !value.Key.Contains('[', StringComparison.Ordinal))));
        Assert.Empty(again.Errors);
        Assert.Equal(printed.Effective.Select(value => (value.Key, value.Value)), again.Effective.Select(value => (value.Key, value.Value)));
    }

    [Fact]
    public void Relative_paths_count_from_the_file()
    {
        Assert.Equal("/etc/mailcluster/data", Options("").DataDirectory);
        Assert.Equal("/etc/q", Options("mailcluster.data-directory = \"../q\"").DataDirectory);
        Assert.Equal("/srv/mail/conf/data", ConfigurationReader.Read("", "conf/a.hocon", [], Facts).Options!.DataDirectory);
    }

    [Fact]
    public void The_queue_is_bounded_by_the_memory_there_is()
    {
        Assert.Equal((512L << 20) / 4 / 200, ConfigurationReader.Read("", null, [], Facts with { MemoryLimit = 512L << 20 }).Options!.Limits.Queue);
        Assert.Equal(1_000_000, ConfigurationReader.Read("", null, [], Facts with { MemoryLimit = 64L << 30 }).Options!.Limits.Queue);
        Assert.Equal(5_000_000, Options("mailcluster.limits.queue = 5000000").Limits.Queue);
    }

    [Fact]
    public void A_default_follows_the_other_of_its_pair()
    {
        Assert.Equal(TimeSpan.Zero, Options("mailcluster.retry.lifetime = 1h").Retry.DelayNotice);
        Assert.Equal(TimeSpan.FromSeconds(30), Options("mailcluster.retry.max = 30s").Retry.First);
        Assert.Equal(TimeSpan.FromHours(6), Options("mailcluster.retry.first = 6h").Retry.Max);
        Assert.Equal(50, Options("mailcluster.limits.connections = 50").Limits.ConnectionsPerClient);
    }

    [Fact]
    public void A_machine_whose_name_is_no_domain_is_localhost()
        => Assert.Equal("localhost", ConfigurationReader.Read("", null, [], Facts with { MachineName = "my_pc" }).Options!.Hostname);

    [Theory]
    [InlineData("hostname = a.example # comment")]
    [InlineData("hostname = a.example // comment")]
    [InlineData("hostname : a.example,")]
    [InlineData("\"hostname\" = \"a.example\"")]
    [InlineData("hostname =\n  a.example")]
    [InlineData("hostname = \"\"\"a.example\"\"\"")]
    [InlineData("hostname = \"\\u0061.example\"\r\n")]
    [InlineData("# comment with { and \" in it\nhostname = a.example")]
    public void Reads_HOCON_as_people_write_it(string member) => Assert.Equal("a.example", Options("mailcluster {\n" + member + "\n}\n").Hostname);

    [Fact]
    public void Reads_a_file_with_braces_around_it_and_dotted_keys_that_meet()
    {
        var options = Options("{ mailcluster.http.bind = \"127.0.0.1:1\"\n mailcluster { hostname = a.example, delivery.timeouts { data = 1m }, delivery.timeouts.mail = 2m } }");
        Assert.Equal(("a.example", 1, 1.0, 2.0), (options.Hostname, options.Http.Bind.Port, options.Delivery.Timeouts.Data.TotalMinutes, options.Delivery.Timeouts.Mail.TotalMinutes));
    }
}
