using System.Net;
using MailCluster.Actors.Sessions;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Proxy;
using MailCluster.Support;

namespace MailCluster.Actors.Tests.Sessions;

public class TranscriptTests
{
    private static readonly string s_folder = SourceTree.Find("tests/Actors.Tests/Sessions/Transcripts");

    public static IEnumerable<TheoryDataRow<string, Chunking>> All =>
        from file in Directory.EnumerateFiles(s_folder, "*.txt").Order(StringComparer.Ordinal)
        from chunking in Enum.GetValues<Chunking>()
        select new TheoryDataRow<string, Chunking>(Path.GetFileNameWithoutExtension(file), chunking);

    [Theory]
    [MemberData(nameof(All))]
    public async Task The_conversation_goes_as_written(string name, Chunking chunking)
    {
        await using var reception = new ReceptionFixture(
            new() { Recipients = 100, MessageSize = 2000, Errors = 12, TransactionsPerConnection = 8, LineLength = 100, ReceivedFields = 5 },
            new() { Domains = [new("ours.example")] },
            name.Contains("normalize", StringComparison.Ordinal) ? BareNewlines.Normalize : BareNewlines.Reject);
        using var client = name.Contains("probe", StringComparison.Ordinal)
            ? reception.Connect(ClientOrigin.Behind(new(IPAddress.Loopback, 40000), null, ProxyHeader.Local.Instance))
            : reception.Connect(name.Contains("stranger", StringComparison.Ordinal) ? "198.51.100.7" : "127.0.0.1");
        await Transcript.Load(Path.Combine(s_folder, name + ".txt")).ReplayAsync(client, chunking);
        await client.HangUpAsync();
    }
}
