namespace MailCluster.Actors.Tests.Sessions;

public class DisconnectTests
{
    private const string Data = "EHLO client.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\nSubject: x\r\n\r\n..\r\n.\r\n";
    private const string Chunks = "EHLO client.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nBDAT 14\r\nSubject: x\r\n\r\nBDAT 3 LAST\r\ny\r\n";

    [Theory]
    [InlineData(Data)]
    [InlineData(Chunks)]
    public async Task A_client_that_goes_before_the_last_octet_leaves_nothing(string dialogue)
    {
        await using var reception = new ReceptionFixture();
        for (var length = 0; length < dialogue.Length; length++)
        {
            using var client = reception.Connect();
            await client.SendRawAsync(dialogue[..length]);
            await client.HangUpAsync();
        }
        Assert.Empty(await reception.KeptAsync());
        Assert.Equal(0, reception.Reception.Count);

        using var last = reception.Connect();
        await last.SendRawAsync(dialogue);
        while (!(await last.ReplyAsync()).Contains("queued", StringComparison.Ordinal))
        {
            // Greeting, EHLO, MAIL, RCPT, DATA or BDAT.
        }
        await last.HangUpAsync();
        Assert.Single(await reception.KeptAsync());
    }

    [Fact]
    public async Task A_client_that_has_sent_all_and_closes_its_side_gets_all_replies()
    {
        await using var reception = new ReceptionFixture();
        using var client = reception.Connect();
        await client.SendRawAsync(Data);
        await client.Output.CompleteAsync();
        Assert.Equal("220 250 250 250 354 250", await client.CodesAsync(6));
        await client.ClosedAsync();
    }
}
