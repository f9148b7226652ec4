using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailCluster.Node.Configuration;
using MailCluster.Node.Hosting;

namespace MailCluster.Node.Cluster;

/// <summary>What nodes prove to each other who they are with: this node's certificate, and the authority that must have signed a peer's. The machine's own store of authorities counts for nothing here.</summary>
internal sealed class PeerCertificates
{
    private readonly X509Certificate2Collection _authorities;
    private readonly SslStreamCertificateContext _context;

    private PeerCertificates(X509Certificate2 own, X509Certificate2Collection chain, X509Certificate2Collection authorities)
    {
        (Own, _authorities) = (own, authorities);
        _context = SslStreamCertificateContext.Create(own, [.. chain, .. authorities], offline: true);
    }

    /// <summary>This node's, with its key.</summary>
    public X509Certificate2 Own { get; }

    /// <summary>Reads and checks the files.</summary>
    /// <exception cref="StartFailedException">One cannot be read, or they do not go together; the message names the key and the file.</exception>
    public static PeerCertificates Load(ClusterTlsOptions options, DateTimeOffset now)
    {
        var chain = Certificates("certificate", options.Certificate);
        var authorities = Certificates("authority", options.Authority);
        X509Certificate2 own;
        try
        {
            own = X509Certificate2.CreateFromPemFile(options.Certificate, options.Key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            Read("key", options.Key);
            throw Failed("key", options.Key, $"is no private key in PEM for {options.Certificate}: {e.Message}");
        }

        var certificates = new PeerCertificates(own, chain, authorities);
        if (own.NotAfter.ToUniversalTime() <= now.UtcDateTime) throw Failed("certificate", options.Certificate, $"expired at {own.NotAfter.ToUniversalTime():u}");
        if (own.NotBefore.ToUniversalTime() > now.UtcDateTime) throw Failed("certificate", options.Certificate, $"is not valid before {own.NotBefore.ToUniversalTime():u}");
        if (certificates.Refusal(own, chain) is { } reason) throw Failed("certificate", options.Certificate, $"peers with cluster.tls.authority = {options.Authority} would refuse it: {reason}");
        return certificates;
    }

    /// <summary>Why a peer's certificate is refused, or null.</summary>
    public string? Refusal(X509Certificate2? peer, X509Certificate2Collection? sent = null)
    {
        if (peer is null) return "it shows no certificate";
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities.Where(IsRoot).ToArray());
        chain.ChainPolicy.ExtraStore.AddRange(_authorities.Where(authority => !IsRoot(authority)).ToArray());
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent);
        return chain.Build(peer) ? null : $"\"{peer.Subject}\", issued by \"{peer.Issuer}\": {string.Join("; ", chain.ChainStatus.Select(status => status.StatusInformation.Trim()).Distinct())}";
    }

    /// <summary>How this node asks; <paramref name="refused"/> learns why the peer's certificate was not taken.</summary>
    public SslClientAuthenticationOptions AsClient(string host, Action<string> refused) => new()
    {
        TargetHost = host,
        ClientCertificateContext = _context,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = Validation(refused),
    };

    /// <summary>How this node answers.</summary>
    public SslServerAuthenticationOptions AsServer(Action<string> refused) => new()
    {
        ServerCertificateContext = _context,
        ClientCertificateRequired = true,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = Validation(refused),
    };

    // Names are not compared: the authority is the cluster's own, and whoever has its signature is a peer, at whatever address.
    private RemoteCertificateValidationCallback Validation(Action<string> refused) => (_, certificate, chain, _) =>
    {
        if (Refusal(certificate as X509Certificate2, chain?.ChainPolicy.ExtraStore) is not { } reason) return true;
        refused(reason);
        return false;
    };

    private static bool IsRoot(X509Certificate2 certificate) => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private static X509Certificate2Collection Certificates(string key, string path)
    {
        var text = Read(key, path);
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
        }
        catch (CryptographicException e)
        {
            throw Failed(key, path, $"cannot be read as certificates in PEM: {e.Message}");
        }

        return certificates.Count > 0 ? certificates : throw Failed(key, path, "holds no certificate in PEM");
    }

    private static string Read(string key, string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(key, path, e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : $"cannot be read: {e.Message}");
        }
    }

    private static StartFailedException Failed(string key, string path, string reason) => new($"cluster.tls.{key}: {path}: {reason}");
}
