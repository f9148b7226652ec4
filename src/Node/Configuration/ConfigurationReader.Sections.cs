using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Events;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Sessions;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Content;
using MailCluster.Spool;
using Microsoft.Extensions.Logging;
using RouteOptions = MailCluster.Actors.Delivery.RouteOptions;

namespace MailCluster.Node.Configuration;

/// <content>Which keys there are, and what each may hold.</content>
public static partial class ConfigurationReader
{
    /// <summary>Octets that a waiting recipient may cost at most.</summary>
    private const int OctetsPerRecipient = 200;

    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);

    private static NodeOptions ReadMailCluster(SectionReader section, string? file, HostFacts facts)
    {
        var directory = file is null ? facts.WorkingDirectory : Path.GetDirectoryName(Path.GetFullPath(file, facts.WorkingDirectory))!;
        // A destination may have underscores, our own name in EHLO may not (RFC 5321 section 4.1.2).
        var machine = Names.Domain.Parse(facts.MachineName) is { Success: true, Value: { IsAddressLiteral: false } name } && !name.Value.Contains('_', StringComparison.Ordinal) ? name : new DomainName("localhost");
        var hostname = section.Value("hostname", machine, Names.Domain, "the machine's name");
        var data = Path.GetFullPath(section.Value("data-directory", "data", Formats.Text, NotEmpty), directory);
        var listeners = section.Blocks("listeners", 1, ReadListener);
        var relay = ReadRelay(section.Section("relay"));
        var limits = ReadLimits(section.Section("limits"), facts);
        var dns = ReadDns(section.Section("dns"));
        var routes = section.Blocks("routes", 0, ReadRoute);
        var delivery = ReadDelivery(section.Section("delivery"));
        var retry = ReadRetry(section.Section("retry"));
        var spool = ReadSpool(section.Section("spool"), data);
        var events = ReadEvents(section.Section("events"));
        var sites = ReadSites(section.Section("sites"));
        var http = new HttpOptions { Bind = section.Section("http").Value("bind", new HttpOptions().Bind, Formats.EndPoint) };
        var admin = new AdminOptions
        {
            Bind = section.Section("admin").Value("bind", new AdminOptions().Bind, Formats.EndPoint,
                value => IPAddress.IsLoopback(value.Address) ? null : "only a loopback address is allowed: it asks for no password"),
        };
        section.Section("tls").NotYetList("certificates");
        section.Section("users").NotYet("file", "");
        var proxyPeers = section.Values("proxy-peers", [], Formats.PeerNetwork);
        var cluster = ReadCluster(section.Section("cluster"), directory, facts);
        var shutdown = ReadShutdown(section.Section("shutdown"));
        var log = new LogOptions
        {
            Level = section.Section("log").Value("level", new LogOptions().Level, Formats.Choice(("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warning", LogLevel.Warning), ("error", LogLevel.Error))),
        };
        var options = new NodeOptions
        {
            Hostname = hostname.Value,
            DataDirectory = data,
            Listeners = listeners,
            ProxyPeers = proxyPeers,
            Relay = relay,
            Limits = limits,
            Dns = dns,
            Routes = routes,
            Delivery = delivery,
            Retry = retry,
            Sites = sites,
            Spool = spool,
            Events = events,
            Http = http,
            Admin = admin,
            Cluster = cluster,
            Shutdown = shutdown,
            Log = log,
        };
        RefuseIneffective(section, options);
        return options;
    }

    private static string? NotEmpty(string value) => value.Length == 0 ? "may not be empty" : null;

    private static ListenerOptions ReadListener(SectionReader section, int index)
    {
        var name = section.Value("name", index == 0 ? "relay" : string.Create(CultureInfo.InvariantCulture, $"relay-{index + 1}"), Formats.Text,
            value => value.Length is > 0 and <= 32 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') ? null : "allowed are 1 to 32 letters, digits, hyphens, underscores and dots");
        IPEndPoint? bind = new(IPAddress.Loopback, 2525);
        bind = index == 0 ? section.Value("bind", bind, Formats.EndPoint) : section.Required("bind", Formats.EndPoint);
        section.NotYet("tls", "off", "starttls", "implicit");
        section.NotYet("auth", "off", "optional", "required");
        return new ListenerOptions
        {
            Name = name,
            Bind = bind ?? new(IPAddress.Loopback, 0),
            ProxyProtocol = section.Value("proxy-protocol", ProxyProtocol.Off, Formats.Choice(("off", ProxyProtocol.Off), ("required", ProxyProtocol.Required))),
            BareNewline = section.Value("bare-newline", BareNewlines.Reject, Formats.Choice(("reject", BareNewlines.Reject), ("normalize", BareNewlines.Normalize))),
        };
    }

    private static RelayOptions ReadRelay(SectionReader section)
    {
        var defaults = new RelayOptions();
        return new()
        {
            Networks = section.Values("networks", defaults.Networks, Formats.Network),
            Domains = section.Values("domains", defaults.Domains, Names.Domain),
        };
    }

    private static LimitsOptions ReadLimits(SectionReader section, HostFacts facts)
    {
        var defaults = new LimitsOptions();
        var connections = section.Value("connections", defaults.Connections, Formats.Integer, 1, 1_000_000);
        var perClient = Math.Min(defaults.ConnectionsPerClient, connections);

        // A quarter of the memory for what waits: the rest is for sessions, content in flight and the runtime's own room to breathe.
        var fits = facts.MemoryLimit / 4 / OctetsPerRecipient;
        var queue = Math.Clamp(fits, 1000, defaults.Queue);
        return new()
        {
            MessageSize = section.Value("message-size", defaults.MessageSize, Formats.Size, 64L << 10, 2L << 30),
            Recipients = section.Value("recipients", defaults.Recipients, Formats.Integer, 100, 1_000_000),
            Connections = connections,
            ConnectionsPerClient = section.Value("connections-per-client", perClient, Formats.Integer, 1, 1_000_000, perClient < defaults.ConnectionsPerClient ? "limits.connections" : null),
            IdleTimeout = section.Value("idle-timeout", defaults.IdleTimeout, Formats.Duration, Millisecond, Day),
            TransactionTimeout = section.Value("transaction-timeout", defaults.TransactionTimeout, Formats.Duration, Millisecond, Day),
            TransactionsPerConnection = section.Value("transactions-per-connection", defaults.TransactionsPerConnection, Formats.Integer, 1, int.MaxValue),
            Errors = section.Value("errors", defaults.Errors, Formats.Integer, 1, 1_000_000),
            LineLength = section.Value("line-length", defaults.LineLength, Formats.Integer, 998, 1 << 20),
            ReceivedFields = section.Value("received-fields", defaults.ReceivedFields, Formats.Integer, 1, 10_000),
            Queue = section.Value("queue", queue, Formats.Long, 1, 1_000_000_000, fits < defaults.Queue ? "a quarter of the memory limit" : null),
            QueuePerDomain = section.Value("queue-per-domain", defaults.QueuePerDomain, Formats.Long, 1, 1_000_000_000),
        };
    }

    private static DnsOptions ReadDns(SectionReader section)
    {
        var defaults = new DnsOptions();
        return new()
        {
            Servers = section.Values("servers", defaults.Servers, Formats.NameServer),
            Timeout = section.Value("timeout", defaults.Timeout, Formats.Duration, Millisecond, TimeSpan.FromMinutes(1)),
        };
    }

    private static RouteOptions? ReadRoute(SectionReader section, int index)
    {
        var domain = section.Required("domain", Names.RouteDomain);
        var to = section.Required("to", Names.HostAndPort);
        return domain is null || to is null ? null : new(domain.Domain, to.Host, to.Port);
    }

    private static DeliveryOptions ReadDelivery(SectionReader section)
    {
        var defaults = new DeliveryOptions();
        var timeouts = section.Section("timeouts");
        var connections = section.Value("connections", defaults.Connections, Formats.Integer, 1, 1_000_000);
        var perSite = Math.Min(defaults.ConnectionsPerSite, connections);
        return new()
        {
            Enabled = section.Value("enabled", defaults.Enabled, Formats.Switch),
            Port = section.Value("port", defaults.Port, Formats.Integer, 1, 65535),
            AllowLoopback = section.Value("allow-loopback", defaults.AllowLoopback, Formats.Switch),
            Connections = connections,
            ConnectionsPerSite = section.Value("connections-per-site", perSite, Formats.Integer, 1, 10_000, perSite < defaults.ConnectionsPerSite ? "delivery.connections" : null),
            MessagesPerConnection = section.Value("messages-per-connection", defaults.MessagesPerConnection, Formats.Integer, 1, int.MaxValue),
            RecipientsPerMessage = section.Value("recipients-per-message", defaults.RecipientsPerMessage, Formats.Integer, 1, 100_000),
            MaxReady = section.Value("max-ready", defaults.MaxReady, Formats.Integer, 1, 1_000_000),
            IdleTimeout = section.Value("idle-timeout", defaults.IdleTimeout, Formats.Duration, TimeSpan.Zero, TimeSpan.FromHours(1)),
            Timeouts = ReadTimeouts(timeouts),
        };
    }

    private static OutboundTimeouts ReadTimeouts(SectionReader section)
    {
        var defaults = new OutboundTimeouts();
        return new()
        {
            Connect = Wait("connect", defaults.Connect),
            Greeting = Wait("greeting", defaults.Greeting),
            Ehlo = Wait("ehlo", defaults.Ehlo),
            Mail = Wait("mail", defaults.Mail),
            Rcpt = Wait("rcpt", defaults.Rcpt),
            Data = Wait("data", defaults.Data),
            DataBlock = Wait("data-block", defaults.DataBlock),
            DataTermination = Wait("data-termination", defaults.DataTermination),
        };

        TimeSpan Wait(string name, TimeSpan value) => section.Value(name, value, Formats.Duration, Millisecond, Day);
    }

    private static RetryOptions ReadRetry(SectionReader section)
    {
        var defaults = new RetryOptions();

        // Who sets one of a pair gets a default for the other that goes with it; only what was written can contradict itself.
        var max = section.Value("max", defaults.Max, Formats.Duration, Millisecond, Year);
        var first = section.Value("first", max < defaults.First ? max : defaults.First, Formats.Duration, Millisecond, Year, max < defaults.First ? "retry.max" : null);
        if (first > max && !section.Has("max")) max = first;
        var lifetime = section.Value("lifetime", defaults.Lifetime, Formats.Duration, Millisecond, Year);
        var noticeFits = defaults.DelayNotice < lifetime;
        return new()
        {
            First = first,
            Factor = section.Value("factor", defaults.Factor, Formats.Number, 1, 100),
            Max = max,
            Jitter = section.Value("jitter", defaults.Jitter, Formats.Number, 0, 0.9),
            Lifetime = lifetime,
            DelayNotice = section.Value("delay-notice", noticeFits ? defaults.DelayNotice : TimeSpan.Zero, Formats.Duration, TimeSpan.Zero, Year, noticeFits ? null : "retry.lifetime"),
        };
    }

    private static SpoolOptions ReadSpool(SectionReader section, string data)
    {
        var defaults = new SpoolOptions { Directory = "" };
        return new()
        {
            Directory = Path.Combine(data, "spool"),
            ContentMemory = section.Value("content-memory", defaults.ContentMemory, Formats.Size, 1L << 20, 1L << 40),
            SegmentSize = section.Value("segment-size", defaults.SegmentSize, Formats.Size, 1L << 20, 1L << 30),
            LargeContent = section.Value("large-content", defaults.LargeContent, Formats.Size, 4L << 10, 256L << 20),
            MinimumFree = section.Value("minimum-free", defaults.MinimumFree, Formats.Size, 0, 1L << 50),
            ReclaimAbove = section.Value("reclaim-above", defaults.ReclaimAbove, Formats.Size, 1L << 20, 1L << 40),
            MinimumFreeInodes = section.Value("minimum-free-inodes", defaults.MinimumFreeInodes, Formats.Long, 0, 1L << 40),
        };
    }

    private static EventLogOptions ReadEvents(SectionReader section)
    {
        var defaults = new EventLogOptions();
        return new()
        {
            Enabled = section.Value("enabled", defaults.Enabled, Formats.Switch),
            FileSize = section.Value("file-size", defaults.FileSize, Formats.Size, 64L << 10, 1L << 40),
            FileAge = section.Value("file-age", defaults.FileAge, Formats.Duration, TimeSpan.FromMinutes(1), Year),
            KeepFiles = section.Value("keep-files", defaults.KeepFiles, Formats.Integer, 1, 100_000),
            KeepAge = section.Value("keep-age", defaults.KeepAge, Formats.Duration, TimeSpan.FromMinutes(1), 10 * Year),
            Waiting = section.Value("waiting", defaults.Waiting, Formats.Integer, 1000, 1_000_000),
        };
    }

    private static SiteOptions ReadSites(SectionReader section)
    {
        var defaults = new SiteOptions();
        var max = section.Value("broken-max", defaults.BrokenMax, Formats.Duration, Millisecond, Day);
        return new()
        {
            BrokenAfter = section.Value("broken-after", defaults.BrokenAfter, Formats.Integer, 1, 10_000),
            BrokenFirst = section.Value("broken-first", max < defaults.BrokenFirst ? max : defaults.BrokenFirst, Formats.Duration, Millisecond, Day, max < defaults.BrokenFirst ? "sites.broken-max" : null),
            BrokenMax = max,
            BrokenProbe = section.Value("broken-probe", defaults.BrokenProbe, Formats.Duration, Millisecond, Day),
        };
    }

    private static ShutdownOptions ReadShutdown(SectionReader section)
    {
        var defaults = new ShutdownOptions();
        return new()
        {
            Delay = section.Value("delay", defaults.Delay, Formats.Duration, TimeSpan.Zero, TimeSpan.FromHours(1)),
            Deliveries = section.Value("deliveries", defaults.Deliveries, Formats.Duration, TimeSpan.Zero, Day),
            Handover = section.Value("handover", defaults.Handover, Formats.Duration, TimeSpan.FromSeconds(1), Day),
        };
    }
}
