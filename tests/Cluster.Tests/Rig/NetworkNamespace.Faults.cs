using System.Globalization;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>What can go wrong with a machine's network. Each is undone by <see cref="HealAsync"/>.</summary>
internal sealed partial class NetworkNamespace
{
    /// <summary>The cable is pulled.</summary>
    public Task UnplugAsync() => network.ShellAsync($"ip link set v-{name} down");

    /// <summary>Nothing comes from the others, and nothing goes to them.</summary>
    public async Task CutOffAsync(params NetworkNamespace[] others)
    {
        await LoseIncomingAsync(100, others);
        await LoseOutgoingAsync(100, others);
    }

    /// <summary>So many of a hundred packets from the others are lost, at random.</summary>
    public Task LoseIncomingAsync(int percent, params NetworkNamespace[] others) => ShellAsync(Dropping("input", "saddr", percent, others));

    /// <summary>So many of a hundred packets to the others are lost, at random.</summary>
    public Task LoseOutgoingAsync(int percent, params NetworkNamespace[] others) => ShellAsync(Dropping("output", "daddr", percent, others));

    /// <summary>What it sends goes at this rate, with a short queue.</summary>
    public Task SlowDownAsync(int kilobits) => ShellAsync(string.Create(CultureInfo.InvariantCulture, $"tc qdisc replace dev eth0 root tbf rate {kilobits}kbit burst 16kbit latency 500ms"));

    /// <summary>All is well again.</summary>
    public async Task HealAsync()
    {
        await network.ShellAsync($"ip link set v-{name} up");
        await ShellAsync("nft delete table inet faults 2>/dev/null || true; tc qdisc del dev eth0 root 2>/dev/null || true");
    }

    private static string Dropping(string hook, string field, int percent, NetworkNamespace[] others)
    {
        var addresses = string.Join(", ", others.Select(other => other.Address));
        var some = percent >= 100 ? "" : string.Create(CultureInfo.InvariantCulture, $"numgen random mod 100 < {percent} ");
        return $$"""
            nft -f - <<'END'
            table inet faults {
              chain {{hook}} {
                type filter hook {{hook}} priority 0
                ip {{field}} { {{addresses}} } {{some}}drop
              }
            }
            END
            """;
    }
}
