using MailCluster.Actors.Sessions;
using MailCluster.Protocol.Commands;

namespace MailCluster.Actors.Tests.Sessions;

public class EnvelopeDestinationsTests
{
    [Fact]
    public void Recipients_are_grouped_in_order_of_first_mention_and_twins_go_once()
    {
        var destinations = EnvelopeDestinations.Of(
        [
            Rcpt("a@one.example", "one.example", Notify.Never), Rcpt("b@two.example", "two.example"), Rcpt("c@one.example", "one.example"),
            Rcpt("a@ONE.example", "one.example"), Rcpt("A@one.example", "one.example"), Rcpt("\"x@y\"@one.example", "one.example"),
        ]);
        Assert.Equal(["one.example", "two.example"], destinations.Select(destination => destination.Domain.Value));
        Assert.Equal(["a@one.example", "c@one.example", "A@one.example", "\"x@y\"@one.example"], destinations[0].Recipients.Select(recipient => recipient.Path.Address));
        Assert.Equal(Notify.Never, destinations[0].Recipients[0].Parameters.Notify);
    }

    [Fact]
    public void Twins_by_the_ten_thousand_cost_no_more_than_others()
    {
        var recipients = Enumerable.Range(0, 50_000).Select(i => Rcpt($"u{i / 2}@d{i % 7 / 6}.example", $"d{i % 7 / 6}.example")).ToList();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var destinations = EnvelopeDestinations.Of(recipients);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000_000);
        Assert.Equal(recipients.Select(recipient => recipient.ForwardPath.Address).Distinct().Count(), destinations.Sum(destination => destination.Recipients.Length));
    }

    private static Command.Rcpt Rcpt(string address, string domain, Notify notify = Notify.Unspecified) => new(new(address, new(domain)), new(notify));
}
