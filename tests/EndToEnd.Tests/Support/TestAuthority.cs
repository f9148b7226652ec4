using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailCluster.EndToEnd.Tests.Support;

/// <summary>A certificate authority of a test's own, and what it has signed, as files in PEM.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;
    private int _issued;

    public TestAuthority(string name)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(AuthorityFile, _certificate.ExportCertificatePem());
    }

    public string AuthorityFile => _folder.File("authority.crt");

    /// <summary>A certificate and its key, and the setting <c>cluster.tls</c> with both.</summary>
    public (string Certificate, string Key, string Setting) Issue(string name, DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var certificate = request.Create(_certificate, DateTimeOffset.UtcNow.AddDays(-20), until ?? DateTimeOffset.UtcNow.AddDays(20), [1, (byte)++_issued]);
        var (certificateFile, keyFile) = (_folder.File($"{_issued}.crt"), _folder.File($"{_issued}.key"));
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return (certificateFile, keyFile, $"tls {{ certificate = \"{certificateFile}\", key = \"{keyFile}\", authority = \"{AuthorityFile}\" }}");
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
        _folder.Dispose();
    }
}
