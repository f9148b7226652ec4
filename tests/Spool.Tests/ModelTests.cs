namespace MailCluster.Spool.Tests;

/// <summary>Random histories against a model that a page can hold: who is open, who is owed a report, how often it was tried.</summary>
public class ModelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task The_spool_agrees_with_the_model_through_outcomes_carrying_and_restarts(int seed)
    {
        var random = new Random(seed);
        await using var fixture = new SpoolFixture(new SpoolOptions
        {
            Directory = SpoolFixture.NewDirectory(), SegmentSize = 16 << 10, ReclaimAbove = 48 << 10, MinimumFree = 0, LargeContent = 6000, ContentMemory = 256 << 10,
        }).Start();
        var model = new Dictionary<(QueueId Id, int Destination), (RecipientStatus[] Recipients, int Attempts)>();
        var contents = new Dictionary<QueueId, int>();
        var carried = 0L;
        for (var step = 0; step < 2000; step++)
        {
            var kind = random.Next(100);
            if (kind < 25 || model.Count == 0)
            {
                var size = random.Next(10) == 0 ? random.Next(5000, 9000) : random.Next(0, 3000);
                var counts = Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(1, 5)).ToArray();
                var id = await fixture.Commit(SpoolFixture.Envelope([.. counts.Select(static (count, i) => ($"d{i}.test", count))]), SpoolFixture.Content(size, step));
                contents.Add(id, step);
                for (var i = 0; i < counts.Length; i++)
                {
                    model.Add((id, i), (new RecipientStatus[counts[i]], 0));
                }
            }
            else if (kind < 98)
            {
                // Mostly the older ones: they are the ones that are carried.
                var key = model.Keys.OrderBy(static key => key.Id.Number).ElementAt(random.Next(random.Next(model.Count) + 1));
                var (recipients, attempts) = model[key];
                var entry = await Entry(fixture, key.Id, key.Destination);
                if (random.Next(3) != 0)
                {
                    fixture.Spool.RecordDelivered(entry);
                    recipients = [.. recipients.Select(static status => status == RecipientStatus.Open ? RecipientStatus.Delivered : status)];
                }
                else
                {
                    var changes = new List<RecipientOutcome>();
                    for (var i = 0; i < recipients.Length; i++)
                    {
                        var next = (RecipientStatus)random.Next(0, 7);
                        if (random.Next(2) == 0 && (recipients[i] == RecipientStatus.Open || (IsOwed(recipients[i]) && next != RecipientStatus.Open)))
                        {
                            changes.Add(new(i, next, SpoolFixture.Detail(450, $"{step}")));
                            recipients[i] = next;
                        }
                    }
                    fixture.Spool.Record(new(entry, attempts + 1, DateTimeOffset.UnixEpoch.AddMinutes(step), changes));
                }
                model[key] = (recipients, attempts + 1);
                if (!recipients.Any(static status => status == RecipientStatus.Open || IsOwed(status)))
                {
                    model.Remove(key);
                    fixture.Ended(entry);
                }
            }
            else
            {
                carried += fixture.Spool.CarriedOctets;
                await fixture.Reopen();
                await Compare(fixture, model, contents);
            }
        }
        carried += fixture.Spool.CarriedOctets;
        await Compare(fixture, model, contents);
        Assert.Empty(fixture.Spool.DamageAtOpen);
        Assert.True(carried > 0, "Nothing was carried.");
        await fixture.Spool.DisposeAsync();
        var inspected = SpoolInspector.Inspect(fixture.Directory);
        Assert.Empty(inspected.Damage);
        Assert.Equal(model.Keys.Select(static key => key.Id).Distinct().Order(Comparer<QueueId>.Create(static (a, b) => a.Number.CompareTo(b.Number))), inspected.Messages.Select(static message => message.Id));
        foreach (var message in inspected.Messages)
        {
            for (var i = 0; i < message.Destinations.Length; i++)
            {
                Assert.Equal(!model.TryGetValue((message.Id, i), out var known), message.Destinations[i].HasEnded);
                Assert.True(known.Recipients is null || known.Recipients.SequenceEqual(message.Destinations[i].Recipients.Select(static recipient => recipient.Status)));
            }
        }
    }

    private static bool IsOwed(RecipientStatus status) => status is RecipientStatus.FailedReportOwed or RecipientStatus.RelayedReportOwed;

    private static async Task<EntryRef> Entry(SpoolFixture fixture, QueueId id, int destination)
    {
        foreach (var (entry, arrival) in fixture.Arrivals)
        {
            if (arrival.Destination.Value == $"d{destination}.test" && fixture.Spool.IdOf(entry) == id)
            {
                return entry;
            }
        }
        await fixture.Spool.FlushAsync();
        throw new InvalidOperationException($"{id} has no entry for destination {destination}.");
    }

    private static async Task Compare(SpoolFixture fixture, Dictionary<(QueueId Id, int Destination), (RecipientStatus[] Recipients, int Attempts)> model, Dictionary<QueueId, int> contents)
    {
        await fixture.Spool.FlushAsync();
        Assert.Equal(model.Values.Sum(static entry => entry.Recipients.Count(static status => status == RecipientStatus.Open || IsOwed(status))), fixture.Spool.OpenRecipients);
        Assert.Equal(model.Keys.Select(static key => key.Id).ToHashSet(), fixture.Spool.Messages().ToHashSet());
        foreach (var ((id, destination), (recipients, attempts)) in model)
        {
            using var delivery = await fixture.Spool.OpenAsync(await Entry(fixture, id, destination), CancellationToken.None);
            Assert.Equal(attempts, delivery.Attempts);
            Assert.Equal(
                recipients.Select(static (status, i) => (i, status)).Where(static pair => pair.status == RecipientStatus.Open || IsOwed(pair.status)),
                delivery.Recipients.Select(static recipient => (recipient.Recipient, recipient.Status)));
            Assert.Equal(SpoolFixture.Content((int)delivery.Content.Length, contents[id]), await SpoolFixture.ReadAll(delivery.Content));
        }
    }
}
