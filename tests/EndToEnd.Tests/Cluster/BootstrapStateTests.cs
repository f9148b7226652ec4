using MailCluster.Actors.Sites;
using MailCluster.Node.Cluster;

namespace MailCluster.EndToEnd.Tests.Cluster;

/// <summary>Whom a node joins, and when it may form a cluster: by cases.</summary>
public class BootstrapStateTests
{
    private static readonly Founders Three = new(["a:1", "b:1", "c:1"]);
    private static readonly Moment Start = new(TimeSpan.FromHours(1), DateTimeOffset.UnixEpoch.AddDays(20000));

    private static Moment At(double seconds) => Start.Plus(TimeSpan.FromSeconds(seconds));

    private static BootstrapState Node(string name, Founders? founders = null, ClusterRecord? record = null) => new(Id(name), founders ?? Three, record, Start);

    private static Voter Id(string name) => new($"{name}:1", name[0]);

    private static ClusterRecord Record(string self, double at, params string[] members) => new($"{self}:1", [.. members.Select(member => $"{member}:1")], Start.Wall.AddSeconds(at));

    private static BootstrapAnswer Seeking(string name, string? vote = null, ClusterRecord? record = null, bool waited = false)
        => new() { Name = $"{name}:1", Incarnation = name[0], Standing = BootstrapStanding.Seeking, Vote = vote is null ? null : Id(vote), Record = record, Waited = waited };

    private static BootstrapAnswer Standing(string name, BootstrapStanding standing, params string[] members)
        => new() { Name = $"{name}:1", Incarnation = name[0], Standing = standing, Members = [.. members.Select(member => $"{member}:1")] };

    private static string Waits(BootstrapDecision decision) => Assert.IsType<BootstrapDecision.Wait>(decision).Reason;

    [Fact]
    public void The_lowest_forms_the_cluster_with_the_votes_of_a_majority()
    {
        var a = Node("a");
        a.Heard(Seeking("b", "a"), At(0));
        a.Heard(Seeking("c"), At(0));
        var found = Assert.IsType<BootstrapDecision.Found>(a.Decide(At(0.1)));
        Assert.Equal([Id("a"), Id("b")], found.Voters);
        Assert.Equal(BootstrapStanding.Founding, a.Answer("b:1", At(0.2)).Standing);
        Assert.Equal(found.Voters, a.Answer("b:1", At(0.2)).Voters);
    }

    [Fact]
    public void Without_a_majority_it_waits_and_says_who_is_missing()
    {
        var reason = Waits(Node("a").Decide(At(0)));
        Assert.Contains("1 of 3", reason, StringComparison.Ordinal);
        Assert.Contains("b:1, c:1", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_is_not_the_lowest_waits_for_it_and_joins_what_it_forms()
    {
        var b = Node("b");
        b.Heard(Seeking("a"), At(0));
        Assert.Contains("a:1 is to form", Waits(b.Decide(At(0))), StringComparison.Ordinal);
        b.Heard(Standing("a", BootstrapStanding.Founding) with { Voters = [Id("a"), Id("b")] }, At(1));
        Assert.Equal(["a:1"], Assert.IsType<BootstrapDecision.Join>(b.Decide(At(1))).Targets);
        Assert.Equal(BootstrapStanding.Joining, b.Answer("a:1", At(1)).Standing);
        Assert.Null(b.Answer("a:1", At(1)).Vote);
    }

    [Fact]
    public void A_cluster_that_is_being_formed_takes_only_those_that_voted_for_it()
    {
        var c = Node("c");
        c.Heard(Standing("a", BootstrapStanding.Founding) with { Voters = [Id("a"), Id("b")] }, At(0));
        c.Heard(Seeking("b"), At(0));
        Assert.Contains("a:1 forms the cluster", Waits(c.Decide(At(0))), StringComparison.Ordinal);
        c.Heard(Standing("a", BootstrapStanding.Founding) with { Voters = [Id("a"), Id("c") with { Incarnation = 7 }] }, At(0));
        Waits(c.Decide(At(0)));
    }

    [Fact]
    public void A_cluster_that_is_there_is_joined_the_largest_first_and_by_all_its_members()
    {
        var c = Node("c");
        c.Heard(Standing("a", BootstrapStanding.Member, "a"), At(0));
        c.Heard(Standing("b", BootstrapStanding.Member, "b", "d"), At(0));
        Assert.Equal(["b:1", "d:1"], Assert.IsType<BootstrapDecision.Join>(c.Decide(At(0))).Targets);
    }

    [Theory]
    [InlineData("CutOff", "is cut off from its cluster")]
    [InlineData("Joining", "joins a cluster")]
    [InlineData("Leaving", "stops")]
    public void Beside_a_node_that_is_in_a_cluster_somehow_nobody_forms_and_nobody_joins_it(string standing, string words)
    {
        var a = Node("a");
        a.Heard(Seeking("b", "a", waited: true), At(60));
        a.Heard(Standing("c", Enum.Parse<BootstrapStanding>(standing), "a", "b", "c"), At(60));
        a.Decide(At(60));
        Assert.Contains(words, Waits(a.Decide(At(60.1))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Seeking", true)]
    [InlineData("Joining", true)]
    [InlineData("Founding", true)] // Without this node's vote.
    [InlineData("Member", false)]
    [InlineData("CutOff", false)]
    [InlineData("Leaving", false)]
    public void Who_joins_gives_up_once_all_that_it_joins_have_started_again(string standing, bool givesUp)
    {
        var a = Node("a");
        a.Heard(Standing("b", BootstrapStanding.Member, "a", "b", "c"), At(0));
        a.Heard(Seeking("c"), At(0)); // It was to be up in a moment.
        Assert.IsType<BootstrapDecision.Join>(a.Decide(At(0.1)));
        Assert.Equal(["b:1", "c:1"], a.Peers);
        Waits(a.Decide(At(0.2)));
        a.Heard(Standing("b", BootstrapStanding.Seeking), At(0.2));
        Waits(a.Decide(At(0.2))); // What c said before does not count.
        a.Heard(Seeking("c"), At(0.2));
        a.Heard(Standing("b", Enum.Parse<BootstrapStanding>(standing)) with { Incarnation = 99 }, At(1));
        Assert.IsType(givesUp ? typeof(BootstrapDecision.GiveUp) : typeof(BootstrapDecision.Wait), a.Decide(At(1)));
    }

    [Fact]
    public void Who_joins_waits_for_those_that_are_silent_but_not_when_another_has_started_again()
    {
        var a = Node("a");
        a.Heard(Standing("b", BootstrapStanding.Member, "a", "b", "c"), At(0));
        Assert.IsType<BootstrapDecision.Join>(a.Decide(At(0)));
        Waits(a.Decide(At(20)));

        // It is none of those that are joined.
        a.Heard(Seeking("d"), At(20));
        Waits(a.Decide(At(20)));
        for (var at = 20.0; at < 24; at++)
        {
            a.Heard(Seeking("c"), At(at));
            Waits(a.Decide(At(at)));
        }

        a.Heard(Seeking("c"), At(24));
        Assert.Contains("c:1 cannot be joined any more", Assert.IsType<BootstrapDecision.GiveUp>(a.Decide(At(24))).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_joins_what_is_being_formed_goes_on_while_its_vote_counts_there()
    {
        var b = Node("b");
        b.Heard(Standing("a", BootstrapStanding.Founding) with { Voters = [Id("a"), Id("b")] }, At(0));
        Assert.IsType<BootstrapDecision.Join>(b.Decide(At(0)));
        b.Heard(Standing("a", BootstrapStanding.Founding) with { Voters = [Id("a"), Id("b")] }, At(9));
        Waits(b.Decide(At(9)));
        b.Heard(Seeking("a") with { Incarnation = 99 }, At(10));
        Assert.IsType<BootstrapDecision.GiveUp>(b.Decide(At(10)));
    }

    [Fact]
    public void Two_that_see_different_majorities_at_once_cannot_both_form_because_the_one_between_votes_once()
    {
        var (a, b, c) = (Node("a"), Node("b"), Node("c"));

        // b has heard c first, and has told it that it is for itself; then it hears a, too.
        b.Heard(Seeking("c"), At(0));
        b.Decide(At(0));
        Assert.Equal(Id("b"), b.Answer("c:1", At(0)).Vote);
        b.Heard(Seeking("a"), At(0));
        b.Decide(At(0.25));
        var said = b.Answer("a:1", At(0.25));
        Assert.Equal(Id("a"), said.Vote);
        c.Heard(said, At(0.25));
        a.Heard(said, At(0.25));
        Assert.Contains("b:1 is to form", Waits(c.Decide(At(0.5))), StringComparison.Ordinal);
        a.Heard(said with { Waited = true }, At(SinceStart));
        Assert.IsType<BootstrapDecision.Found>(a.Decide(At(SinceStart)));
        Assert.IsType<BootstrapDecision.Wait>(b.Decide(At(0.5)));
    }

    private const double SinceStart = 27;

    [Fact]
    public void A_vote_that_was_told_is_kept_while_its_candidate_may_count_on_it()
    {
        var c = Node("c");
        c.Heard(Seeking("b", "b"), At(0));
        c.Decide(At(0));
        Assert.Equal(Id("b"), c.Answer("b:1", At(0)).Vote);

        // b is silent now, and a lower one appears.
        var until = BootstrapState.PromiseFor.TotalSeconds;
        c.Heard(Seeking("a", "a"), At(until - 1));
        c.Decide(At(until - 0.1));
        Assert.Equal(Id("b"), c.Answer("a:1", At(until - 0.1)).Vote);
        c.Heard(Seeking("a", "a"), At(until));
        c.Decide(At(until));
        Assert.Equal(Id("a"), c.Answer("a:1", At(until)).Vote);
    }

    [Fact]
    public void A_vote_for_one_that_died_is_given_up_though_others_go_on_asking()
    {
        var b = Node("b");
        b.Heard(Seeking("a", "a"), At(0));
        b.Decide(At(0));
        Assert.Equal(Id("a"), b.Answer("a:1", At(0)).Vote);
        for (var at = 0.25; at <= BootstrapState.PromiseFor.TotalSeconds; at += 0.25)
        {
            b.Heard(Seeking("c", "a"), At(at));
            b.Decide(At(at));
            b.Answer("c:1", At(at));
        }

        Assert.Equal(Id("b"), b.Answer("c:1", At(9)).Vote);
    }

    [Fact]
    public void A_vote_moves_on_when_its_candidate_votes_for_another_or_is_a_new_process()
    {
        var c = Node("c");
        c.Heard(Seeking("b", "b"), At(0));
        c.Decide(At(0));
        c.Answer("b:1", At(0));
        c.Heard(Seeking("a"), At(1));
        c.Heard(Seeking("b", "a"), At(1));
        c.Decide(At(1));
        Assert.Equal(Id("a"), c.Answer("a:1", At(1)).Vote);

        c.Heard(Seeking("a") with { Incarnation = 99 }, At(2));
        c.Decide(At(2));
        Assert.Equal(new Voter("a:1", 99), c.Answer("a:1", At(2)).Vote);
    }

    [Theory]
    [InlineData(4.1, 4.1)]
    [InlineData(0.1, 4.1)] // The machine was suspended: only the wall clock went on.
    [InlineData(4.1, -100)] // The wall clock was set back.
    public void An_answer_does_not_count_when_it_is_old_by_either_clock(double monotonic, double wall)
    {
        var a = Node("a");
        a.Heard(Seeking("b", "a", waited: true), At(60));
        a.Heard(Seeking("c", "a", waited: true), At(60));
        Assert.Contains("1 of 3", Waits(a.Decide(new(At(60).Monotonic + TimeSpan.FromSeconds(monotonic), At(60).Wall.AddSeconds(wall)))), StringComparison.Ordinal);
    }

    [Fact]
    public void Votes_for_another_incarnation_do_not_count()
    {
        var a = Node("a");
        a.Heard(Seeking("b") with { Vote = new Voter("a:1", 1) }, At(0));
        a.Heard(Seeking("c") with { Vote = new Voter("a:1", 1) }, At(0));
        a.Decide(At(0));
        Assert.Contains("1 of 3 nodes are for this one", Waits(a.Decide(At(0.1))), StringComparison.Ordinal);
    }

    [Fact]
    public void Who_is_not_listed_joins_but_never_forms_nor_is_voted_for_nor_votes()
    {
        var newcomer = new BootstrapState(new("0:1", 5), Three, null, Start);
        newcomer.Heard(Seeking("a", "a"), At(0));
        newcomer.Heard(Seeking("b", "a"), At(0));
        Assert.IsType<BootstrapDecision.Wait>(newcomer.Decide(At(0)));
        var a = Node("a");
        a.Heard(newcomer.Answer("a:1", At(0)), At(0));
        a.Decide(At(0));
        Assert.Contains("1 of 3", Waits(a.Decide(At(0.1))), StringComparison.Ordinal);

        var lower = new BootstrapState(new("0:1", 5), new(["0:1", "a:1", "b:1", "c:1"]), null, Start);
        foreach (var name in new[] { "a", "b", "c" })
        {
            var founder = Node(name);
            founder.Heard(lower.Answer($"{name}:1", At(0)), At(0));
            founder.Decide(At(0));
            lower.Heard(founder.Answer("0:1", At(0)), At(0));
        }

        Assert.IsType<BootstrapDecision.Wait>(lower.Decide(At(0.1)));
    }

    [Fact]
    public void All_restarted_at_once_form_it_again_without_waiting()
    {
        var a = Node("a", record: Record("a", -10, "a", "b", "c"));
        a.Heard(Seeking("b", "a", Record("b", -10, "a", "b", "c")), At(0));
        a.Heard(Seeking("c", "a", Record("c", -10, "a", "b", "c")), At(0));
        Assert.IsType<BootstrapDecision.Found>(a.Decide(At(0)));
    }

    [Fact]
    public void With_one_gone_for_good_the_others_form_it_once_it_must_have_noticed_that_they_are_gone()
    {
        var b = Node("b", record: Record("b", -10, "a", "b", "c"));
        Assert.IsType<BootstrapDecision.Wait>(With(SinceStart - 2, waited: false));
        Assert.IsType<BootstrapDecision.Wait>(With(SinceStart, waited: false)); // The other has started later.
        Assert.IsType<BootstrapDecision.Found>(With(SinceStart + 1, waited: true));

        BootstrapDecision With(double at, bool waited)
        {
            b.Heard(Seeking("c", "b", Record("c", -10, "a", "b", "c"), waited), At(at));
            return b.Decide(At(at));
        }
    }

    [Fact]
    public void Founders_of_a_cluster_that_has_grown_do_not_form_a_second_one_beside_the_others()
    {
        var a = Node("a", record: Record("a", -10, "a", "b", "c", "d", "e", "f", "g"));
        Assert.Contains("d:1", a.Peers);
        a.Heard(Seeking("b", "a", Record("b", -10, "a", "b", "c", "d", "e", "f", "g"), true), At(100));
        a.Heard(Seeking("c", "a", Record("c", -10, "a", "b", "c", "d", "e", "f", "g"), true), At(100));
        a.Decide(At(100));
        Assert.Contains("d:1, e:1, f:1, g:1 were in the cluster last", Waits(a.Decide(At(100))), StringComparison.Ordinal);

        // One of them is in a cluster: it is joined.
        a.Heard(Standing("d", BootstrapStanding.Member, "d", "e", "f", "g"), At(100));
        Assert.Equal(["d:1", "e:1", "f:1", "g:1"], Assert.IsType<BootstrapDecision.Join>(a.Decide(At(100))).Targets);
    }

    [Fact]
    public void Of_several_records_the_newest_counts()
    {
        // a was in a large cluster long ago; b and c know what became of it.
        var a = Node("a", record: Record("a", -100000, "a", "b", "c", "d", "e", "f", "g"));
        a.Heard(Seeking("b", "a", Record("b", -10, "b", "c")), At(0));
        a.Heard(Seeking("c", "a", Record("c", -10, "b", "c")), At(0));
        Assert.IsType<BootstrapDecision.Found>(a.Decide(At(0)));
    }

    [Theory]
    [InlineData("a b", "b", false)] // a was the lower half, and goes on alone.
    [InlineData("b c", "b", true)] // c was the higher half, and has stopped.
    [InlineData("a b c d", "b c", false)]
    [InlineData("a b c d", "a c", true)]
    [InlineData("a b c d e", "a b", false)]
    [InlineData("a b c d e", "c d e", true)]
    public void Who_was_in_the_smaller_part_of_the_last_cluster_does_not_form_beside_the_larger(string last, string here, bool forms)
    {
        var (record, there) = (Record("x", -10, last.Split(' ')), here.Split(' '));
        var founder = new BootstrapState(Id(there[0]), new([.. there.Select(name => $"{name}:1")]), record, Start);
        foreach (var name in there[1..]) founder.Heard(Seeking(name, there[0], record, true), At(100));
        Assert.IsType(forms ? typeof(BootstrapDecision.Found) : typeof(BootstrapDecision.Wait), founder.Decide(At(100)));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    [InlineData(5, 3)]
    public void A_majority_is_more_than_half(int founders, int majority) => Assert.Equal(majority, new Founders([.. Enumerable.Range(0, founders).Select(i => $"n{i}:1")]).Majority);
}
