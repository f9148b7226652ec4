namespace MailCluster.Cluster.Tests.Rig;

/// <summary>Whether a limit of connections has held, by what the mail exchangers have seen.</summary>
internal static class ConnectionAudit
{
    /// <summary>How long after the end of a fault the node's connections are still its own: its lease has run out, and it ends the transactions that run.</summary>
    public static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(10);

    /// <summary>Every opening that went beyond the limit.</summary>
    /// <param name="connections">As seen.</param>
    /// <param name="name">The node of a connection.</param>
    /// <param name="faults">Pauses and cuts: they excuse. Kills do not, a killed node's sockets are closed.</param>
    /// <param name="ends">When processes of nodes have ended.</param>
    /// <param name="limit">Connections of a site.</param>
    public static IReadOnlyList<Excess> Of(IEnumerable<SinkConnection> connections, Func<SinkConnection, string> name, IReadOnlyCollection<Fault> faults, IReadOnlyCollection<ProcessEnd> ends, int limit)
    {
        var found = new List<Excess>();
        foreach (var site in connections.GroupBy(connection => connection.Exchanger))
        {
            var open = new List<SinkConnection>();
            foreach (var opening in site.OrderBy(connection => connection.Opened))
            {
                open.RemoveAll(connection => connection.Closed <= opening.Opened);
                open.Add(opening);
                if (open.Count > limit)
                {
                    var held = open.Count(connection => !faults.Any(fault => fault.Node == name(connection) && fault.From <= opening.Opened
                        && (Lasts(fault, opening.Opened) || IsLeftOver(connection, name(connection), fault, ends))));
                    found.Add(new(site.Key.ToString(), opening.Opened, open.CountBy(name).ToDictionary(), open.Select(connection => connection.Opened).ToList(), held <= limit));
                }
            }
        }

        return found;
    }

    /// <summary>
    /// Its process ended while the node was cut off: the exchanger has not heard of it, and TCP, which waits twice as long before each further try, may tell it only a minute after the cut is over.
    /// </summary>
    private static bool IsLeftOver(SinkConnection connection, string node, Fault fault, IReadOnlyCollection<ProcessEnd> ends)
        => ends.Any(end => end.Node == node && end.At >= connection.Opened && end.At >= fault.From && end.At <= fault.To);

    private static bool Lasts(Fault fault, TimeSpan at) => fault.To == TimeSpan.MaxValue || at <= fault.To + Aftermath;
}
