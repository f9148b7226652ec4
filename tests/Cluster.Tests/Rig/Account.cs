using System.Globalization;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>What a run came to: each acknowledged message by number and hash, duplicates with their cause, connections beyond the limit with theirs.</summary>
internal sealed class Account
{
    /// <summary>How long before a fault a message may have come that comes again after it: its end was on the way into the books.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(2);

    private readonly Rig _rig;
    private readonly List<string> _notes = [];

    private Account(Rig rig) => _rig = rig;

    /// <summary>Checks all of it, and writes a line of figures into the test's output.</summary>
    /// <param name="rig">The cluster.</param>
    /// <param name="limit">Connections to a site.</param>
    /// <param name="loads">All that was sent.</param>
    public static void Settle(Rig rig, int limit, params Load[] loads)
    {
        var account = new Account(rig);
        foreach (var load in loads)
        {
            account.Messages(load);
        }

        account.Connections(limit);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', account._notes));
    }

    private void Messages(Load load)
    {
        var receptions = _rig.Sink.Receptions.Where(reception => load.Owns(reception.Number)).ToLookup(reception => reception.Number);
        Assert.DoesNotContain(load.Accepted.Keys, number => !receptions.Contains(number));
        Assert.All(receptions.SelectMany(each => each), reception => Assert.True(reception.Intact, $"{reception} is not what was sent"));
        var twice = receptions.Where(each => each.Count() > 1).ToList();
        var bySender = twice.Where(each => load.Uncertain.ContainsKey(each.Key)).ToList();
        var unexplained = twice.Except(bySender).Where(each => !each.Any(InFlight)).ToList();
        Note($"{load.Accepted.Count} accepted, {receptions.Count} came, {twice.Count} twice ({bySender.Count} sent twice since nobody answered), {load.Refusals} times 4xx, {load.Reconnects} reconnects, {load.Cuts.Count} cut in a transaction");
        Assert.True(unexplained.Count == 0, $"duplicates without a cause: {string.Join("; ", unexplained.SelectMany(each => each))}\nfaults: {string.Join("; ", _rig.Faults)}\n{_rig.Logs()}");
        Assert.Empty(load.Failures);
    }

    /// <summary>On its way when its node was killed, paused or cut off: the one window in which the next hop may have it and the node not know.</summary>
    private bool InFlight(Reception reception) => _rig.Faults.Any(fault => fault.Node == _rig.NameOf(reception.From)
        && reception.At >= fault.From - Before && (fault.To == TimeSpan.MaxValue || reception.At <= fault.To + ConnectionAudit.Aftermath));

    private void Connections(int limit)
    {
        var connections = _rig.Sink.Connections;
        var excesses = ConnectionAudit.Of(connections, connection => _rig.NameOf(connection.From), [.. _rig.Faults.Where(fault => fault.Excuses)], [.. _rig.Nodes.SelectMany(node => node.Ends)], limit);
        Note($"{connections.Count} connections, {excesses.Count} beyond the limit of {limit}, each of them beside a node that was paused or cut off: {excesses.All(excess => excess.Excused)}");
        var blamed = excesses.Where(excess => !excess.Excused).Take(5).Select(excess =>
            string.Create(CultureInfo.InvariantCulture, $"{excess.Site} at {excess.At.TotalSeconds:F3}: {string.Join(", ", excess.Open.Select(each => $"{each.Key} {each.Value}"))}, opened at {string.Join(' ', excess.Openings.Select(at => at.TotalSeconds.ToString("F3", CultureInfo.InvariantCulture)))}"));
        Assert.True(excesses.All(excess => excess.Excused), $"Beyond the limit without excuse: {string.Join("; ", blamed)}\nfaults: {string.Join("; ", _rig.Faults)}\n{_rig.Logs()}");
    }

    private void Note(FormattableString text) => _notes.Add(text.ToString(CultureInfo.InvariantCulture));
}
