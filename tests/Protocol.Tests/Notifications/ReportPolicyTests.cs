using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Notifications;

namespace MailCluster.Protocol.Tests.Notifications;

public sealed class ReportPolicyTests
{
    private static readonly ReversePath Sender = new("sender@example.org");

    [Theory]
    [InlineData(Notify.Unspecified, true, true, false)]
    [InlineData(Notify.Never, false, false, false)]
    [InlineData(Notify.Success, false, false, true)]
    [InlineData(Notify.Failure, true, false, false)]
    [InlineData(Notify.Delay, false, true, false)]
    [InlineData(Notify.Success | Notify.Failure, true, false, true)]
    [InlineData(Notify.Success | Notify.Failure | Notify.Delay, true, true, true)]
    [InlineData(Notify.Never | Notify.Failure | Notify.Delay | Notify.Success, false, false, false)]
    public void Notify_alone_says_what_is_reported(Notify notify, bool failure, bool delay, bool relay)
    {
        Assert.Equal(failure, ReportPolicy.ReportsFailure(Sender, notify));
        Assert.Equal(delay, ReportPolicy.ReportsDelay(Sender, notify));
        Assert.Equal(relay, ReportPolicy.ReportsRelay(Sender, notify, nextHopOffersDsn: false));
    }

    [Fact]
    public void A_next_hop_with_dsn_reports_success_itself() =>
        Assert.False(ReportPolicy.ReportsRelay(Sender, Notify.Success, nextHopOffersDsn: true));

    [Fact]
    public void Nothing_is_ever_reported_to_the_null_reverse_path()
    {
        foreach (var notify in Enumerable.Range(0, 16).Select(bits => (Notify)bits))
        {
            Assert.False(ReportPolicy.ReportsFailure(ReversePath.Null, notify));
            Assert.False(ReportPolicy.ReportsDelay(ReversePath.Null, notify));
            Assert.False(ReportPolicy.ReportsRelay(ReversePath.Null, notify, nextHopOffersDsn: false));
        }
    }
}
