using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using MailCluster.EndToEnd.Tests.Support;

namespace MailCluster.EndToEnd.Tests;

/// <summary>kill -9 under load: every message that was answered 250 is accounted for, by number and hash.</summary>
[Collection(nameof(Alone))]
public partial class KillTests
{
    private const int Clients = 16;
    private const int Connections = 8;

    [Fact]
    public async Task Nothing_that_was_accepted_is_lost_and_only_what_was_in_flight_comes_twice()
    {
        const int kills = 4;
        await using var sink = new RecordingSink();
        await using var node = await NodeProcess.StartAsync(Routes.To(sink) + $$"""

            delivery { connections-per-site = {{Connections}} }
            retry { first = 1s, max = 2s }
            """);
        var accepted = new ConcurrentDictionary<int, string>();
        var next = 0;
        using var enough = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            while (!enough.IsCancellationRequested)
            {
                try
                {
                    using var client = await RawClient.HelloAsync(node.SmtpPort);
                    while (!enough.IsCancellationRequested)
                    {
                        var number = Interlocked.Increment(ref next);
                        var body = Body(number);
                        if ((await client.MailAsync("a@a.test", $"u{number}@d{number % 7}.test", Header(number) + body)).StartsWith("250", StringComparison.Ordinal))
                        {
                            accepted[number] = Hash(body);
                        }
                    }
                }
                catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or OperationCanceledException or Xunit.Sdk.XunitException)
                {
                    await again.WaitForNextTickAsync();     // The node was killed: on to its next life.
                }
            }
        })).ToArray();
        for (var kill = 1; kill <= kills; kill++)
        {
            var before = accepted.Count;
            await Eventually.HoldsAsync(() => accepted.Count >= before + 300, "300 more mails accepted", TimeSpan.FromSeconds(60), () => node.Log);
            await node.KillAsync();
            await node.StartAsync();
        }
        await enough.CancelAsync();
        await Task.WhenAll(clients);

        await Eventually.HoldsAsync(
            () => sink.Messages.Select(Number).Distinct().Count(accepted.ContainsKey) == accepted.Count, "all accepted mail at the next hop", TimeSpan.FromSeconds(90),
            () => $"{accepted.Keys.Except(sink.Messages.Select(Number)).Count()} of {accepted.Count} lost: {string.Join(' ', accepted.Keys.Except(sink.Messages.Select(Number)).Take(10))}");
        foreach (var mail in sink.Messages)
        {
            var body = mail.Text[(mail.Text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
            Assert.Equal(HashLine().Match(mail.Text).Groups[1].Value, Hash(body));
        }
        var duplicates = sink.Messages.CountBy(Number).Sum(count => count.Value - 1);
        // In flight at a kill: on each connection the message whose reply had not come, the one begun behind it, and what was told within the last five milliseconds.
        Assert.True(duplicates <= kills * Connections * 4, $"{duplicates} duplicates after {kills} kills");
        TestContext.Current.TestOutputHelper?.WriteLine($"{accepted.Count} accepted, {sink.Messages.Count} received, {duplicates} twice");
    }

    private static string Header(int number) => string.Create(CultureInfo.InvariantCulture, $"Subject: load\r\nX-Number: {number}\r\nX-Hash: {Hash(Body(number))}\r\n\r\n");

    // From a few octets to 200 KB, lines with and without dots.
    private static string Body(int number)
    {
        var random = new Random(number);
        var length = random.Next(20) == 0 ? random.Next(200_000) : random.Next(8000);
        var body = new StringBuilder(length + 100);
        while (body.Length < length)
        {
            body.Append(random.Next(10) == 0 ? "." : "").Append('a', random.Next(70)).Append("\r\n");
        }
        return body.ToString();
    }

    private static string Hash(string text) => Convert.ToHexString(SHA256.HashData(Encoding.Latin1.GetBytes(text)));

    private static int Number(ReceivedMessage mail) => int.Parse(NumberLine().Match(mail.Text).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("X-Number: ([0-9]+)")]
    private static partial Regex NumberLine();

    [GeneratedRegex("X-Hash: ([0-9A-F]+)")]
    private static partial Regex HashLine();
}
