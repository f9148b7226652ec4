using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailCluster.Actors.Handover;

namespace MailCluster.Actors.Tests.Handover;

/// <summary>Who is let in at the internal listener, and who is not.</summary>
public sealed class HandoverListenerTests
{
    [Fact]
    public async Task Who_has_no_ticket_hands_nothing_in()
    {
        await using var site = new HandoverSite("receiver");
        using var client = new TcpClient("127.0.0.1", site.Listener.EndPoint.Port);
        var said = await SayAsync(client.GetStream(), "EHLO x\r\nXTICKET 00112233445566778899aabbccddeeff 00000000000000aa\r\nMAIL FROM:<> SIZE=1 XQUEUEID=00000000000000aa-1 XMARK=1 XSTATE=1\r\n");
        Assert.Contains("535 5.7.8", said, StringComparison.Ordinal);
        Assert.DoesNotContain("2.1.0", said, StringComparison.Ordinal);
        Assert.Equal(0, site.Spool.OpenRecipients);
    }

    [Fact]
    public async Task A_ticket_is_good_for_the_spool_that_it_was_given_to()
    {
        await using var site = new HandoverSite("receiver");
        var ticket = site.Reception.Tickets.Give(new("donor:4053", 1), 0xaa);
        using var client = new TcpClient("127.0.0.1", site.Listener.EndPoint.Port);
        Assert.Contains("535 5.7.8", await SayAsync(client.GetStream(), $"EHLO x\r\nXTICKET {ticket} 00000000000000ab\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ticket_ends_with_the_membership()
    {
        await using var site = new HandoverSite("receiver");
        var ticket = site.Reception.Tickets.Give(new("donor:4053", 1), 0xaa);
        Assert.True(site.Reception.Tickets.Has(ticket, 0xaa));
        site.Reception.Tickets.Withdraw(new("donor:4053", 1));
        Assert.False(site.Reception.Tickets.Has(ticket, 0xaa));
    }

    [Fact]
    public async Task What_an_older_connection_says_of_the_whole_stock_counts_no_more()
    {
        await using var site = new HandoverSite("receiver");
        var ticket = site.Reception.Tickets.Give(new("donor:4053", 1), 0xaa);
        using var older = new TcpClient("127.0.0.1", site.Listener.EndPoint.Port);
        Assert.Contains("250 2.0.0", await SayAsync(older.GetStream(), $"EHLO x\r\nXTICKET {ticket} 00000000000000aa\r\n", until: "250 2.0.0"), StringComparison.Ordinal);
        using var newer = new TcpClient("127.0.0.1", site.Listener.EndPoint.Port);
        Assert.Contains("250 2.0.0", await SayAsync(newer.GetStream(), $"EHLO x\r\nXTICKET {ticket} 00000000000000aa\r\n", until: "250 2.0.0"), StringComparison.Ordinal);
        Assert.Contains("450", await SayAsync(older.GetStream(), "XFORGET\r\nQUIT\r\n"), StringComparison.Ordinal);
        Assert.Contains("Forgotten", await SayAsync(newer.GetStream(), "XFORGET\r\nQUIT\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_cluster_has_certificates_the_handover_is_made_with_them_and_a_foreign_one_is_refused()
    {
        using var authority = Authority("ours");
        using var foreign = Authority("foreign");
        await using var receiver = new HandoverSite("receiver", Tls(authority, Signed(authority, "receiver")));
        await using var donor = new HandoverSite("donor", Tls(authority, Signed(authority, "donor")));
        await using var stranger = new HandoverSite("stranger", Tls(authority, Signed(foreign, "stranger")));
        await using var plain = new HandoverSite("plain");
        foreach (var site in new[] { donor, stranger, plain })
        {
            site.Knows(receiver);
            await site.FillAsync(3, 1);
        }
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        Assert.Equal(new HandoverOutcome(0, 3, 0), await stranger.HandOverAsync(limit.Token));
        using var other = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        Assert.Equal(new HandoverOutcome(0, 3, 0), await plain.HandOverAsync(other.Token));
        using var last = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        Assert.Equal(new HandoverOutcome(3, 0, 0), await donor.HandOverAsync(last.Token));
        Assert.Equal(3, (await receiver.StandingAsync()).Count);
    }

    [Theory]
    [InlineData("relay-0.nodes", true)]
    [InlineData("relay-2.nodes.mail.svc", true)]
    [InlineData("relay-2", true)]
    [InlineData("relay-3.nodes", false)]
    [InlineData("relay-10.nodes", false)]
    [InlineData("relay.nodes", false)]
    [InlineData("relay-x.nodes", false)]
    [InlineData("other-relay-0.nodes", false)]
    [InlineData("relay-b-0.nodes", false)]
    [InlineData("10.0.0.7", false)]
    public void Pods_above_the_wanted_number_receive_nothing(string host, bool admitted) => Assert.Equal(admitted, new HandoverReceivers.OrdinalsBelow("relay", 3).Admit(host));

    private static async Task<string> SayAsync(NetworkStream stream, string lines, string? until = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await stream.WriteAsync(Encoding.ASCII.GetBytes(lines), limit.Token);
        var said = new StringBuilder();
        var buffer = new byte[4096];
        while ((until is null || !said.ToString().Contains(until, StringComparison.Ordinal)) && await stream.ReadAsync(buffer, limit.Token) is > 0 and var read)
        {
            said.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
        return said.ToString();
    }

    private static HandoverTls Tls(X509Certificate2 authority, X509Certificate2 own)
    {
        bool Check(object _, X509Certificate? peer, X509Chain? chain, SslPolicyErrors errors)
        {
            using var built = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
            built.ChainPolicy.CustomTrustStore.Add(authority);
            return peer is X509Certificate2 certificate && built.Build(certificate);
        }

        return new(
            () => new() { ServerCertificate = own, ClientCertificateRequired = true, RemoteCertificateValidationCallback = Check },
            host => new() { TargetHost = host, ClientCertificates = [own], RemoteCertificateValidationCallback = Check });
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static X509Certificate2 Signed(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), RandomNumberGenerator.GetBytes(8));
        using var withKey = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }
}
