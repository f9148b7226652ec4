using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailCluster.Tests.Support;
using MailCluster.Node.Kubernetes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MailCluster.Deployment.Tests.Kubernetes;

/// <summary>
/// The few calls of the Kubernetes API that a node makes, over TLS with an authority of its own, for whoever shows the token; and a service account's folder as
/// a pod finds it.
/// </summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly IHost _host;
    private readonly List<string> _requests = [];

    private ApiServer(Func<HttpContext, Task> answer, Socket? socket)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kubernetes", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var certificate = Issue(authority);
        File.WriteAllText(_folder.File("ca.crt"), authority.ExportCertificatePem());
        File.WriteAllText(_folder.File("token"), "of-this-pod\n");
        File.WriteAllText(_folder.File("namespace"), "mail\n");
        _host = new HostBuilder().ConfigureWebHost(web => web
            .UseKestrelCore()
            .ConfigureServices(services =>
            {
                services.Configure<KestrelServerOptions>(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endPoint => endPoint.UseHttps(certificate)));
                if (socket is not null) services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = _ => socket);
            })
            .Configure(app => app.Run(context =>
            {
                lock (_requests)
                {
                    _requests.Add($"{context.Request.Method} {context.Request.Path}");
                }

                if (context.Request.Headers.Authorization == "Bearer of-this-pod") return answer(context);
                context.Response.StatusCode = 401;
                return Task.CompletedTask;
            }))).Build();
    }

    /// <summary>What has been asked so far.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>How a pod reaches it.</summary>
    public ServiceAccount Account => new(_folder.Path, "127.0.0.1", new Uri(_host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port.ToString());

    /// <summary>A file of the service account.</summary>
    public string PathOf(string name) => _folder.File(name);

    /// <summary>Answers with what <paramref name="answer"/> writes, on <paramref name="socket"/> where there is one, which is bound already.</summary>
    public static async Task<ApiServer> StartAsync(Func<HttpContext, Task> answer, Socket? socket = null)
    {
        var server = new ApiServer(answer, socket);
        await server._host.StartAsync();
        return server;
    }

    /// <summary>Answers one StatefulSet, with what the real one sends beside what we read.</summary>
    public static Task<ApiServer> StartAsync(string spec, string metadata = "", Socket? socket = null) => StartAsync(context => context.Request.Path == "/apis/apps/v1/namespaces/mail/statefulsets/mailcluster"
        ? WriteAsync(context, 200, """
            {"kind":"StatefulSet","apiVersion":"apps/v1","metadata":{"name":"mailcluster","namespace":"mail","uid":"0b1c7d0e-5d43-4a0f-9b5e-3e4a3a3f6a10","resourceVersion":"4711",
             "creationTimestamp":"2026-11-01T10:00:00Z","managedFields":[{"manager":"kubectl","operation":"Update","fieldsV1":{"f:spec":{}}}]METADATA},
             "spec":{"selector":{"matchLabels":{"a":"b"}},"serviceName":"mailcluster-nodes","fromALaterVersion":{"x":1},"template":{"metadata":{},"spec":{"containers":[{"name":"node","image":"i",
             "resources":{"requests":{"cpu":"2","memory":"2Gi"}}}]}}SPEC},"status":{"replicas":3,"readyReplicas":3}}
            """.Replace("METADATA", metadata, StringComparison.Ordinal).Replace("SPEC", spec, StringComparison.Ordinal))
        : WriteAsync(context, 404, """{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}"""), socket);

    /// <summary>Answers with this status.</summary>
    public static Task WriteAsync(HttpContext context, int status, string json)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _host.StopAsync(now.Token);
        _host.Dispose();
        _folder.Dispose();
    }

    private static X509Certificate2 Issue(X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=apiserver", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(authority, authority.NotBefore, authority.NotAfter, [1, 2, 3, 4]);
        using var whole = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }
}
