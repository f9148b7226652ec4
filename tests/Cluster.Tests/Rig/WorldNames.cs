using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>
/// nsd in a namespace, with the zone <c>test</c>: 1,000 domains d0 … d999, each behind a mail exchanger of its own, mx0 … mx999, so that each is a site of its own. The exchangers' addresses are
/// 10.77.2.1 and on, 250 in each third octet.
/// </summary>
internal static class WorldNames
{
    public const int Domains = 1000;

    public static string Domain(int number) => string.Create(CultureInfo.InvariantCulture, $"d{number % Domains}.test");

    public static string Exchanger(int number) => string.Create(CultureInfo.InvariantCulture, $"10.77.{2 + (number % Domains / 250)}.{1 + (number % 250)}");

    /// <summary>Starts it and waits until it takes questions.</summary>
    public static async Task StartAsync(NetworkNamespace space, TemporaryFolder folder)
    {
        var zone = new StringBuilder($"$ORIGIN test.\n$TTL 300\n@ IN SOA ns admin 1 3600 600 86400 2\n@ IN NS ns\nns IN A {space.Address}\n");
        for (var i = 0; i < Domains; i++)
        {
            zone.Append(CultureInfo.InvariantCulture, $"d{i} IN MX 10 mx{i}\nmx{i} IN A {Exchanger(i)}\n");
        }

        await File.WriteAllTextAsync(folder.File("test.zone"), zone.ToString());
        await File.WriteAllTextAsync(folder.File("nsd.conf"), $"""
            server:
              ip-address: {space.Address}@53
              username: ""
              chroot: ""
              zonesdir: "{folder.Path}"
              pidfile: "{folder.File("nsd.pid")}"
              database: ""
              xfrdfile: "{folder.File("xfrd.state")}"
              zonelistfile: "{folder.File("zone.list")}"
              xfrdir: "{folder.Path}"
              cookie-secret-file: ""
              server-count: 1
            remote-control:
              control-enable: no
            zone:
              name: test
              zonefile: test.zone

            """);
        var log = new StringBuilder();
        var nsd = space.Start("nsd", ["-d", "-c", folder.File("nsd.conf")], line => log.AppendLine(line));
        await Eventually.HoldsAsync(async () => nsd.HasExited || await AnswersAsync(space), "an answer of nsd");
        Assert.False(nsd.HasExited, $"nsd ended: {log}");
    }

    private static async Task<bool> AnswersAsync(NetworkNamespace space)
    {
        try
        {
            using var socket = await space.ConnectAsync(new(space.Address, 53), TimeSpan.FromSeconds(1));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
