using System.Net;
using MailCluster.Cluster.Tests.Rig;

namespace MailCluster.Cluster.Tests;

/// <summary>The judge is judged: what the tests over real nodes rest on.</summary>
public class ConnectionAuditTests
{
    private static readonly IPAddress Site = IPAddress.Parse("10.77.2.1");

    [Fact]
    public void Counts_connections_of_all_nodes_to_a_site()
    {
        var found = Audit(2, [], (1, 0, 10), (2, 0, 10), (3, 5, 6));
        Assert.Equal([1, 1, 1], Assert.Single(found).Open.Values);
        Assert.False(found[0].Excused);
        Assert.Empty(Audit(3, [], (1, 0, 10), (2, 0, 10), (3, 5, 6)));
    }

    [Fact]
    public void A_connection_that_was_closed_makes_room_at_once() => Assert.Empty(Audit(1, [], (1, 0, 5), (2, 5, 9), (1, 9, 10)));

    [Fact]
    public void Excuses_only_what_the_faulty_node_has_too_many()
    {
        Fault[] paused = [new("1", "paused", TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(8))];
        Assert.True(Assert.Single(Audit(2, paused, (1, 0, 10), (2, 4, 10), (2, 4, 10))).Excused);
        Assert.Contains(Audit(2, paused, (2, 4, 10), (2, 4, 10), (3, 5, 10)), excess => !excess.Excused);
    }

    [Fact]
    public void A_fault_excuses_for_a_while_after_it_and_not_before()
    {
        Fault[] paused = [new("1", "paused", TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(60))];
        Assert.False(Assert.Single(Audit(1, paused, (1, 0, 100), (2, 49, 100))).Excused);
        Assert.True(Assert.Single(Audit(1, paused, (1, 0, 100), (2, 65, 100))).Excused);
        Assert.False(Assert.Single(Audit(1, paused, (1, 0, 100), (2, 75, 100))).Excused);
    }

    [Fact]
    public void What_a_process_left_open_that_ended_while_it_was_cut_off_is_excused_and_nothing_else_of_its_node()
    {
        Fault[] cut = [new("1", "unplugged", TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(60))];
        Assert.True(Assert.Single(Audit(1, cut, [new("1", TimeSpan.FromSeconds(55))], (1, 0, 100), (1, 75, 100))).Excused);
        Assert.False(Assert.Single(Audit(1, cut, [new("2", TimeSpan.FromSeconds(55))], (1, 0, 100), (1, 75, 100))).Excused);
        Assert.False(Assert.Single(Audit(1, cut, [new("1", TimeSpan.FromSeconds(65))], (1, 0, 100), (1, 75, 100))).Excused);
        Assert.False(Assert.Single(Audit(1, cut, [new("1", TimeSpan.FromSeconds(55))], (1, 58, 100), (1, 75, 100))).Excused);
    }

    [Fact]
    public void Knows_a_message_by_number_and_hash()
    {
        var content = NumberedMail.Content(4711);
        Assert.Equal((4711, true), NumberedMail.Read("Received: from a\r\n\tby b\r\n" + content));
        Assert.Equal((4711, false), NumberedMail.Read(content + "x\r\n"));
        Assert.Equal((-1, false), NumberedMail.Read("Subject: another\r\n\r\nbody\r\n"));
    }

    private static IReadOnlyList<Excess> Audit(int limit, Fault[] faults, params (int Node, int From, int To)[] connections) => Audit(limit, faults, [], connections);

    private static IReadOnlyList<Excess> Audit(int limit, Fault[] faults, ProcessEnd[] ends, params (int Node, int From, int To)[] connections) => ConnectionAudit.Of(
        connections.Select(each => new SinkConnection(IPAddress.Parse($"10.77.0.{each.Node}"), Site, TimeSpan.FromSeconds(each.From), TimeSpan.FromSeconds(each.To))),
        connection => connection.From.ToString().Split('.')[3], faults, ends, limit);
}
