using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Tests.Sites;

public sealed class FenceTests
{
    private static readonly NodeId[] Nodes = [.. Enumerable.Range(0, 5).Select(i => new NodeId($"node{i}:1", i))];
    private static readonly Moment Start = new(TimeSpan.FromHours(1), DateTimeOffset.UnixEpoch);

    [Fact]
    public void A_cluster_of_one_is_always_current()
    {
        var fence = Of(1);

        Assert.False(fence.CurrentUntil.HasCome(Start.Plus(TimeSpan.FromDays(1000))));
    }

    [Theory]
    [InlineData(2, 0, false)]
    [InlineData(2, 1, true)]
    [InlineData(3, 0, false)]
    [InlineData(3, 1, true)]
    [InlineData(4, 1, false)]
    [InlineData(4, 2, true)]
    [InlineData(5, 1, false)]
    [InlineData(5, 2, true)]
    public void Is_current_when_more_than_half_of_all_members_have_answered(int members, int answers, bool current)
    {
        var fence = Of(members);
        var number = fence.Sent(Start);
        for (var i = 1; i <= answers; i++)
        {
            fence.Answered(Nodes[i], number);
        }

        Assert.Equal(current, !fence.CurrentUntil.HasCome(Start.Plus(TimeSpan.FromSeconds(4.9))));
        Assert.True(fence.CurrentUntil.HasCome(Start.Plus(TimeSpan.FromSeconds(5))));
    }

    [Fact]
    public void Counts_from_the_sending_of_the_ping_however_late_the_answer_comes()
    {
        var fence = Of(3);
        var first = fence.Sent(Start);
        fence.Sent(Start.Plus(TimeSpan.FromSeconds(3)));

        fence.Answered(Nodes[1], first);

        Assert.Equal(Start.Plus(TimeSpan.FromSeconds(5)), fence.CurrentUntil);
    }

    [Fact]
    public void An_answer_to_an_older_ping_takes_nothing_back_and_one_to_no_ping_gives_nothing()
    {
        var fence = Of(3);
        var first = fence.Sent(Start);
        var second = fence.Sent(Start.Plus(TimeSpan.FromSeconds(1)));

        fence.Answered(Nodes[1], second);
        fence.Answered(Nodes[1], first);
        fence.Answered(Nodes[2], 99);

        Assert.Equal(Start.Plus(TimeSpan.FromSeconds(6)), fence.CurrentUntil);
    }

    [Fact]
    public void Misses_members_until_they_answer()
    {
        var fence = Of(3);
        Assert.True(fence.Misses(Nodes[1]));
        fence.Answered(Nodes[1], fence.Sent(Start));
        Assert.False(fence.Misses(Nodes[1]));
        Assert.False(fence.Misses(Nodes[0]));
        Assert.False(fence.Misses(Nodes[4]));
    }

    [Fact]
    public void One_that_is_no_member_does_not_count()
    {
        var fence = Of(3);
        var number = fence.Sent(Start);

        fence.Answered(Nodes[4], number);
        fence.Answered(Nodes[0], number);

        Assert.Equal(Moment.Never, fence.CurrentUntil);
    }

    [Fact]
    public void A_member_that_goes_takes_its_answer_with_it()
    {
        var fence = Of(4);
        var number = fence.Sent(Start);
        fence.Answered(Nodes[1], number);
        fence.Answered(Nodes[2], number);

        fence.Know([Nodes[0], Nodes[1], Nodes[3]]);
        Assert.Equal(Start.Plus(TimeSpan.FromSeconds(5)), fence.CurrentUntil);      // two of three
        fence.Know([Nodes[0], Nodes[3]]);
        Assert.Equal(Moment.Never, fence.CurrentUntil);                             // one of two
    }

    [Fact]
    public void A_wall_clock_set_forward_ends_it_as_well_as_a_monotonic_one()
    {
        var fence = Of(3);
        fence.Answered(Nodes[1], fence.Sent(Start));

        Assert.True(fence.CurrentUntil.HasCome(Start with { Wall = Start.Wall.AddHours(1) }));
        Assert.True(fence.CurrentUntil.HasCome(Start with { Monotonic = Start.Monotonic + TimeSpan.FromSeconds(5) }));
        Assert.False(fence.CurrentUntil.HasCome(Start with { Wall = Start.Wall.AddHours(-1) }));
    }

    private static Fence Of(int members)
    {
        var fence = new Fence(Nodes[0]);
        fence.Know(Nodes[..members]);
        return fence;
    }
}
