using MailCluster.Actors.Delivery;
using MailCluster.Actors.Queue;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;
using static MailCluster.Actors.Tests.Queue.MailForTests;

namespace MailCluster.Actors.Tests.Queue;

public sealed class AttemptVerdictTests
{
    public static TheoryData<string, Notify, string, bool, bool, RecipientStatus> Ends => new()
    {
        { "RFC 3461 4.1: without NOTIFY a failure is told", Notify.Unspecified, "s@example.org", false, false, RecipientStatus.FailedReportOwed },
        { "RFC 3461 4.1: NOTIFY=NEVER", Notify.Never, "s@example.org", false, false, RecipientStatus.FailedUnreported },
        { "RFC 3461 4.1: NOTIFY without FAILURE", Notify.Success | Notify.Delay, "s@example.org", false, false, RecipientStatus.FailedUnreported },
        { "RFC 3461 4.1: NOTIFY with FAILURE", Notify.Failure, "s@example.org", false, false, RecipientStatus.FailedReportOwed },
        { "RFC 5321 4.5.5: nobody to tell", Notify.Failure, "", false, false, RecipientStatus.FailedUnreported },
        { "delivered, nobody asked", Notify.Unspecified, "s@example.org", true, false, RecipientStatus.Delivered },
        { "RFC 3461 5.2.2: the next hop does not do DSN", Notify.Success, "s@example.org", true, false, RecipientStatus.RelayedReportOwed },
        { "RFC 3461 5.2.1: the next hop tells itself", Notify.Success, "s@example.org", true, true, RecipientStatus.Delivered },
        { "success for the null reverse-path", Notify.Success, "", true, false, RecipientStatus.Delivered },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public void A_recipient_ends_as_NOTIFY_says(string because, Notify notify, string reversePath, bool accepted, bool dsn, RecipientStatus end)
    {
        var delivery = Opened(1, notify, reversePath);
        AttemptOutcome[] outcomes = [accepted ? Accepted(0, dsn ? PeerWithDsn : Peer) : Refused(0, Unknown)];
        var verdict = AttemptVerdict.Of(delivery, outcomes, null, expired: false, Start);
        var status = verdict.Changed is null ? RecipientStatus.Delivered : Assert.Single(verdict.Changed).Status;
        Assert.True(end == status, because);
        Assert.Equal(end is RecipientStatus.FailedReportOwed or RecipientStatus.RelayedReportOwed, verdict.ReportOwed);
        Assert.Equal(0, verdict.Open);
    }

    [Fact]
    public void What_is_plainly_delivered_makes_no_list()
    {
        Assert.Null(AttemptVerdict.Of(Opened(1), [Accepted(0)], null, expired: false, Start).Changed);
        Assert.Null(AttemptVerdict.Of(Opened(3), [Accepted(0), Accepted(1), Accepted(2)], null, expired: false, Start).Changed);
        Assert.NotNull(AttemptVerdict.Of(Opened(2), [Accepted(0)], null, expired: false, Start).Changed);
    }

    [Fact]
    public void A_refusal_for_now_keeps_the_recipient_open_with_what_was_said()
    {
        var verdict = AttemptVerdict.Of(Opened(2), [Accepted(0), Refused(1, Busy)], null, expired: false, Start);
        Assert.Equal((1, true, false), (verdict.Open, verdict.PutOff, verdict.WithDomain));
        Assert.Equal(new(1, RecipientStatus.Open, new(Busy.Reply, Busy.RemoteMta, Start)), verdict.Changed![1]);
    }

    [Fact]
    public void Recipients_that_no_peer_spoke_of_stay_as_they_are_where_there_is_no_failure()
    {
        var verdict = AttemptVerdict.Of(Opened(3), [Accepted(1)], null, expired: false, Start);
        Assert.Equal((2, false), (verdict.Open, verdict.PutOff));
        Assert.Equal(1, Assert.Single(verdict.Changed!).Recipient);
    }

    [Fact]
    public void Recipients_that_no_host_could_be_reached_for_are_put_off_with_their_domain()
    {
        var verdict = AttemptVerdict.Of(Opened(2), [], Down, expired: false, Start);
        Assert.Equal((2, true, true, DeliveryProtocol.AttemptsOutcome.Unreachable), (verdict.Open, verdict.PutOff, verdict.WithDomain, verdict.Domain));
        Assert.All(verdict.Changed!, r => Assert.Equal(Down.Reply, r.Detail!.Reply));
    }

    [Fact]
    public void What_we_found_out_ourselves_is_not_kept_as_the_words_of_the_host()
    {
        var lost = Down with { RemoteMta = "mx.example.net" };
        Assert.Null(Assert.Single(AttemptVerdict.Of(Opened(1), [], lost, expired: false, Start).Changed!).Detail!.RemoteMta);
        Assert.Null(Assert.Single(AttemptVerdict.Of(Opened(1), [Refused(0, lost)], null, expired: false, Start).Changed!).Detail!.RemoteMta);
        Assert.Null(Assert.Single(AttemptVerdict.OfExpiry(Opened(1), lost, Start).Changed!).Detail!.RemoteMta);
        Assert.Equal("mx.example.net", Assert.Single(AttemptVerdict.Of(Opened(1), [Refused(0, Unknown)], null, expired: false, Start).Changed!).Detail!.RemoteMta);
    }

    [Fact]
    public void One_refused_by_a_peer_beside_one_that_was_not_reached_waits_by_its_own_schedule()
    {
        var verdict = AttemptVerdict.Of(Opened(2), [Refused(0, Busy)], Down, expired: false, Start);
        Assert.Equal((2, true, false, DeliveryProtocol.AttemptsOutcome.Reached), (verdict.Open, verdict.PutOff, verdict.WithDomain, verdict.Domain));
    }

    [Fact]
    public void After_the_lifetime_what_would_be_put_off_has_expired()
    {
        var verdict = AttemptVerdict.Of(Opened(3), [Accepted(0), Refused(1, Busy)], null, expired: true, Start);
        Assert.Equal([RecipientStatus.Delivered, RecipientStatus.FailedReportOwed, RecipientStatus.FailedReportOwed], verdict.Changed!.Select(r => r.Status));
        Assert.True(verdict.Changed![1].Detail!.Expired);
        Assert.Equal(Busy.Reply, verdict.Changed![1].Detail!.Reply);
        Assert.Equal(new EnhancedStatusCode(4, 4, 7), verdict.Changed![2].Detail!.Reply.Status);
    }

    [Fact]
    public void A_refusal_for_good_is_no_expiry_however_late() =>
        Assert.False(AttemptVerdict.Of(Opened(1), [Refused(0, Unknown)], null, expired: true, Start).Changed![0].Detail!.Expired);

    [Fact]
    public void Expiry_keeps_the_last_reason_of_each_recipient()
    {
        var delivery = Opened(2, states: [new(0, RecipientStatus.Open, new(Busy.Reply, "mx", Start)), new(1, RecipientStatus.Open, null)]);
        var verdict = AttemptVerdict.OfExpiry(delivery, DnsFails, Start);
        Assert.Equal([Busy.Reply, DnsFails.Reply], verdict.Changed!.Select(r => r.Detail!.Reply));
        Assert.All(verdict.Changed!, r => Assert.True(r.Detail!.Expired));
    }

    [Fact]
    public void Outcomes_of_recipients_that_are_not_open_or_not_there_or_told_twice_change_nothing()
    {
        var delivery = Opened(3, states: [new(0, RecipientStatus.FailedReportOwed, null), new(2, RecipientStatus.Open, null)]);
        var verdict = AttemptVerdict.Of(delivery, [Accepted(0), Accepted(1), Accepted(2), Refused(2, Unknown), Accepted(77), Accepted(-1)], null, expired: false, Start);
        Assert.Equal([new(2, RecipientStatus.Delivered, null)], verdict.Changed!);
    }

    public static TheoryData<string, DeliveryFailure?, DeliveryFailure?, int> Domains => new()
    {
        { "nothing was tried", null, null, (int)DeliveryProtocol.AttemptsOutcome.None },
        { "a recipient was refused: it talks", Unknown, null, (int)DeliveryProtocol.AttemptsOutcome.Reached },
        { "no host is left", null, Down, (int)DeliveryProtocol.AttemptsOutcome.Unreachable },
        { "it talked, then broke", Busy, Down, (int)DeliveryProtocol.AttemptsOutcome.Reached },
        { "RFC 7504: a host says that it takes no mail", null, Down with { Reply = new(521, default, "no"), IsLocal = false }, (int)DeliveryProtocol.AttemptsOutcome.Reached },
    };

    [Theory]
    [MemberData(nameof(Domains))]
    public void The_domain_is_up_when_anyone_talked(string because, DeliveryFailure? refusal, DeliveryFailure? failure, int domain) =>
        Assert.True((DeliveryProtocol.AttemptsOutcome)domain == AttemptVerdict.DomainOf(refusal is null ? [] : [Refused(0, refusal)], failure), because);

    [Fact]
    public void Fifty_thousand_recipients_are_judged_without_quadratic_cost()
    {
        var delivery = Opened(50_000);
        var outcomes = Enumerable.Range(0, 50_000).Select(i => i % 2 == 0 ? Accepted(i) : Refused(i, Busy)).ToList();
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(25_000, AttemptVerdict.Of(delivery, outcomes, null, expired: false, Start).Open);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }
}
