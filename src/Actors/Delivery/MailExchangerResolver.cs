using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using MailCluster.Actors.Outbound;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Delivery;

/// <summary>Finds where a domain's mail goes: static route, address literal, mail exchangers. Asks; what the answers mean is decided by <see cref="RouteDecision"/>. One per node.</summary>
public sealed class MailExchangerResolver : IDisposable
{
    private readonly ImmutableArray<RouteOptions> _routes;
    private readonly DnsLookups _lookups;
    private readonly RouteDecision _decision;

    /// <summary>With the node's options.</summary>
    public MailExchangerResolver(DnsOptions dns, ImmutableArray<RouteOptions> routes, DeliveryOptions delivery, Ourselves ourselves, TimeProvider? clock = null)
    {
        _routes = routes;
        _lookups = new DnsLookups(dns, clock ?? TimeProvider.System);
        _decision = new RouteDecision(ourselves, delivery.Port, delivery.AllowLoopback);
    }

    /// <summary>The domain's route. Failures of the name servers are routes to nowhere, not exceptions. Answers older than <paramref name="maxAge"/> are asked for anew.</summary>
    public async Task<Resolution> ResolveAsync(DomainName domain, TimeSpan maxAge)
    {
        if (RouteDecision.Static(domain, _routes) is { } route)
        {
            return await StaticAsync(domain, route, maxAge).ConfigureAwait(false);
        }

        if (domain.IsAddressLiteral)
        {
            return new Resolution(_decision.Literal(domain), TimeSpan.FromHours(1));
        }

        var answer = await _lookups.ExchangersAsync(domain.Value, maxAge).ConfigureAwait(false);
        var (hosts, nowhere) = RouteDecision.Exchangers(domain, answer);
        if (nowhere is not null)
        {
            return new Resolution(nowhere, answer.TimeToLive);
        }

        var found = new Dictionary<string, ImmutableArray<DnsAnswer>>(StringComparer.Ordinal);
        var asked = hosts.Select(async host => (host.Name, Answers: await AddressesAsync(host.Name, maxAge).ConfigureAwait(false)));
        var shortest = answer.TimeToLive;
        foreach (var (name, answers) in await Task.WhenAll(asked).ConfigureAwait(false))
        {
            found[name] = answers;
            // That a host has no address of one family, or that its servers fail when asked for it, is no reason to ask again soon for what it has.
            var useful = answers.Where(each => each is DnsAnswer.Addresses { Values: not [] }).DefaultIfEmpty(answers[0]).Min(each => each.TimeToLive);
            shortest = useful < shortest ? useful : shortest;
        }

        return new Resolution(_decision.Decide(domain, hosts, name => found[name]), shortest);
    }

    /// <inheritdoc/>
    public void Dispose() => _lookups.Dispose();

    private async Task<ImmutableArray<DnsAnswer>> AddressesAsync(string name, TimeSpan maxAge) =>
        [.. await Task.WhenAll(_lookups.AddressesAsync(name, v6: false, maxAge), _lookups.AddressesAsync(name, v6: true, maxAge)).ConfigureAwait(false)];

    private async Task<Resolution> StaticAsync(DomainName domain, RouteOptions route, TimeSpan maxAge)
    {
        if (IPAddress.TryParse(route.Host, out var address))
        {
            return new Resolution(RouteDecision.Static(domain, route, [address]), TimeSpan.FromHours(1));
        }

        var answers = await AddressesAsync(route.Host, maxAge).ConfigureAwait(false);
        ImmutableArray<IPAddress> addresses = [.. answers.OfType<DnsAnswer.Addresses>().SelectMany(answer => answer.Values)];
        if (!addresses.IsEmpty)
        {
            return new Resolution(RouteDecision.Static(domain, route, addresses), answers.OfType<DnsAnswer.Addresses>().Where(answer => !answer.Values.IsEmpty).Min(answer => answer.TimeToLive));
        }

        // The operator's names may be in the hosts file alone.
        try
        {
            addresses = [.. await Dns.GetHostAddressesAsync(route.Host).ConfigureAwait(false)];
        }
        catch (SocketException)
        {
            addresses = [];
        }

        return new Resolution(RouteDecision.Static(domain, route, addresses), addresses.IsEmpty ? TimeSpan.FromSeconds(15) : TimeSpan.FromMinutes(1));
    }
}
