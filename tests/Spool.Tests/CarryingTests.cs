namespace MailCluster.Spool.Tests;

/// <summary>What carrying leaves behind.</summary>
public class CarryingTests
{
    // A slot of the index that was used again within a segment was carried twice, and its segment went with mail still in it.
    [Fact]
    public async Task A_message_is_carried_once_however_often_its_slot_was_used_before()
    {
        await using var fixture = new SpoolFixture().Start();
        var kept = 0;
        while (fixture.Spool.CarriedOctets < 256 << 10)
        {
            var entry = fixture.EntryOf(await fixture.Commit(SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(1000, 1)));
            if (++kept % 4 != 0)
            {
                fixture.Spool.RecordDelivered(entry);
                fixture.Ended(entry);
                await fixture.Spool.FlushAsync();
            }
            Assert.True(kept < 20_000, "It does not carry.");
        }
        await fixture.Spool.DisposeAsync();
        Assert.Equal(fixture.Arrivals.Count, fixture.Spool.Messages().Count());
        Assert.Equal(fixture.Arrivals.Count, fixture.Spool.Segments.Sum(static segment => segment.LiveMessages));
    }
}
