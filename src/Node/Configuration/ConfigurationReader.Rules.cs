using System.Net;
using System.Net.Sockets;
using MailCluster.Actors.Sessions;

namespace MailCluster.Node.Configuration;

/// <content>What goes together and what does not: a combination that has no effect is somebody's mistake.</content>
public static partial class ConfigurationReader
{
    private static void RefuseIneffective(SectionReader section, NodeOptions options)
    {
        if (section.Has("listeners") && options.Listeners.IsEmpty) section.Fail("listeners", "may not be empty: nobody could hand in mail");
        foreach (var name in options.Listeners.GroupBy(listener => listener.Name).Where(group => group.Count() > 1)) section.Fail("listeners", $"two listeners are named \"{name.Key}\"");

        RefuseProxyWithoutEffect(section, options);

        var limits = section.Section("limits");
        if (options.Limits.ConnectionsPerClient > options.Limits.Connections)
        {
            limits.Fail("connections-per-client", $"{options.Limits.ConnectionsPerClient} for one client, but limits.connections allows {options.Limits.Connections} in all");
        }

        if (options.Delivery.ConnectionsPerSite > options.Delivery.Connections)
        {
            section.Section("delivery").Fail("connections-per-site", $"{options.Delivery.ConnectionsPerSite} to one site, but delivery.connections allows {options.Delivery.Connections} in all");
        }

        var retry = section.Section("retry");
        var (first, max, lifetime, notice) = (options.Retry.First, options.Retry.Max, options.Retry.Lifetime, options.Retry.DelayNotice);
        if (first > max) retry.Fail(retry.Has("max") ? "max" : "first", $"the longest wait, {Formats.Duration.Print(max)}, is shorter than the first, retry.first = {Formats.Duration.Print(first)}");
        if (notice >= lifetime && notice > TimeSpan.Zero)
        {
            retry.Fail("delay-notice", $"{Formats.Duration.Print(notice)} is not before the end, retry.lifetime = {Formats.Duration.Print(lifetime)}: nobody would ever be told; 0s switches the notice off");
        }

        if (options.Sites.BrokenFirst > options.Sites.BrokenMax)
        {
            section.Section("sites").Fail("broken-first", $"{Formats.Duration.Print(options.Sites.BrokenFirst)} is longer than the longest, sites.broken-max = {Formats.Duration.Print(options.Sites.BrokenMax)}");
        }

        foreach (var domain in options.Routes.GroupBy(route => route.Domain).Where(group => group.Count() > 1)) section.Fail("routes", $"two routes for \"{domain.Key?.Value ?? "*"}\"");
        foreach (var route in options.Routes)
        {
            if (IPAddress.TryParse(route.Host, out var address) && options.Listeners.FirstOrDefault(listener => Leads(address, route.Port, listener.Bind)) is { } listener)
            {
                section.Fail("routes", $"the route for \"{route.Domain?.Value ?? "*"}\" leads to this node's own listener \"{listener.Name}\": mail would go round");
            }
        }

        if (options.Spool.LargeContent * 4 > options.Spool.SegmentSize)
        {
            section.Section("spool").Fail("large-content", $"at most a quarter of spool.segment-size, {Formats.Size.Print(options.Spool.SegmentSize)}");
        }

        RefuseSamePort(section, options);
    }

    private static void RefuseProxyWithoutEffect(SectionReader section, NodeOptions options)
    {
        var listener = options.Listeners.FirstOrDefault(listener => listener.ProxyProtocol is ProxyProtocol.Required);
        if (listener is not null && options.ProxyPeers.IsEmpty && !section.HasMistake("proxy-peers"))
        {
            section.Fail(section.Has("proxy-peers") ? "proxy-peers" : "listeners",
                $"listener \"{listener.Name}\" has proxy-protocol = required, but proxy-peers names no load balancer: every connection would be refused");
        }

        if (listener is null && !options.ProxyPeers.IsEmpty && !section.HasMistake("listeners")) section.Fail("proxy-peers", "no listener has proxy-protocol = required: no header would ever be read");
    }

    private static void RefuseSamePort(SectionReader section, NodeOptions options)
    {
        List<(string Key, IPEndPoint Bind)> binds = [.. options.Listeners.Select((listener, i) => ($"listeners[{i}].bind", listener.Bind))];
        binds.AddRange([("http.bind", options.Http.Bind), ("admin.bind", options.Admin.Bind), ("cluster.bind", options.Cluster.Bind), ("cluster.handover", options.Cluster.Handover)]);
        if (!options.Cluster.IsAlone) binds.Add(("cluster.bootstrap", options.Cluster.Bootstrap));
        for (var i = 1; i < binds.Count; i++)
        {
            var clash = binds.Take(i).FirstOrDefault(other => Collide(other.Bind, binds[i].Bind));
            if (clash.Key is null) continue;
            var (mine, other) = (binds[i], clash);

            // The one that somebody wrote is the one to change.
            var (key, bind) = At(mine.Key).OriginOf(Name(mine.Key)) is Origin.Default ? other : mine;
            var rest = key == mine.Key ? other : mine;
            At(key).Fail(Name(key), $"{bind} is the same port as {rest.Key} = {rest.Bind}");
        }

        SectionReader At(string key) => key.StartsWith("listeners", StringComparison.Ordinal) ? section : section.Section(key[..key.IndexOf('.', StringComparison.Ordinal)]);

        static string Name(string key) => key.StartsWith("listeners", StringComparison.Ordinal) ? "listeners" : key[(key.IndexOf('.', StringComparison.Ordinal) + 1)..];
    }

    /// <summary>Whether both cannot be bound at once. 0 is any free port.</summary>
    private static bool Collide(IPEndPoint a, IPEndPoint b) => a.Port == b.Port && a.Port != 0
        && (a.Address.Equals(b.Address) || Covers(a.Address, b.Address) || Covers(b.Address, a.Address));

    /// <summary>[::] takes IPv4 too.</summary>
    private static bool Covers(IPAddress all, IPAddress one) => all.Equals(IPAddress.IPv6Any) || (all.Equals(IPAddress.Any) && one.AddressFamily == AddressFamily.InterNetwork);

    private static bool Leads(IPAddress address, int port, IPEndPoint bind) => port == bind.Port && (address.Equals(bind.Address) || (IPAddress.IsLoopback(address) && Covers(bind.Address, address)));
}
