using System.Collections.Immutable;
using System.Net;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Delivery;

/// <summary>What the records of a domain mean for its mail (RFC 5321 section 5.1, RFC 7505): records in, route out. Asks nobody.</summary>
/// <param name="ourselves">How we recognise ourselves.</param>
/// <param name="port">The port of mail exchangers.</param>
/// <param name="allowLoopback">True where records may lead to loopback.</param>
internal sealed class RouteDecision(Ourselves ourselves, int port, bool allowLoopback)
{
    /// <summary>Of a longer list only so many hosts are looked up, the most preferred. RFC 5321 asks for two to be tried; a list of thousands is an attack.</summary>
    public const int MostHosts = 20;

    private const int MostAddresses = 16;

    /// <summary>What the MX answer calls for: hosts to be looked up, sorted by preference, or already a route to nowhere.</summary>
    public static (ImmutableArray<MailExchanger> Hosts, Route.Nowhere? Nowhere) Exchangers(DomainName domain, DnsAnswer answer)
    {
        switch (answer)
        {
            case DnsAnswer.NoSuchName:
                return ([], Nowhere(550, new(5, 1, 2), $"{domain}: no such domain"));
            case DnsAnswer.Exchangers { Hosts: [] }:
                // No MX record at all: the domain itself, with preference 0.
                return ([new(domain.Value, 0)], null);
            case DnsAnswer.Exchangers { Hosts: [{ Name: "" }] }:
                return ([], Nowhere(556, new(5, 1, 10), $"{domain} does not accept mail (null MX)"));
            case DnsAnswer.Exchangers exchangers:
                var hosts = exchangers.Hosts
                    .Where(host => host.Name.Length > 0 && !IPAddress.TryParse(host.Name, out _))
                    .OrderBy(host => host.Preference).ThenBy(host => host.Name, StringComparer.Ordinal)
                    .DistinctBy(host => host.Name, StringComparer.OrdinalIgnoreCase)
                    .Take(MostHosts)
                    .ToImmutableArray();
                return hosts.IsEmpty ? ([], Nowhere(550, new(5, 4, 4), $"{domain}: its MX records name no host")) : (hosts, null);
            case DnsAnswer.Failed failed:
                return ([], Failure(domain, failed.Cause));
            default:
                return ([], Failure(domain, "unexpected answer"));
        }
    }

    /// <summary>The route, from the hosts and what their names resolved to: for each, one or two answers.</summary>
    public Route Decide(DomainName domain, ImmutableArray<MailExchanger> hosts, Func<string, ImmutableArray<DnsAnswer>> answers)
    {
        var (failed, refused, isImplicit) = (false, false, hosts is [var only] && only.Name == domain.Value);
        int? own = null;
        var usable = new List<RouteHost>(hosts.Length);
        foreach (var host in hosts)
        {
            if (own is { } preference && host.Preference >= preference)
            {
                break;      // RFC 5321 section 5.1: ourselves, and all that are no better, are cut off.
            }

            if (ourselves.IsName(host.Name))
            {
                own = host.Preference;
                continue;
            }

            var addresses = ImmutableArray.CreateBuilder<IPAddress>();
            foreach (var answer in answers(host.Name))
            {
                failed |= answer is DnsAnswer.Failed;
                foreach (var address in answer is DnsAnswer.Addresses { Values: var values } ? values : [])
                {
                    if (ourselves.IsAddress(address, port))
                    {
                        own = host.Preference;
                    }
                    else if (!allowLoopback && address.IsLoopbackOrNowhere())
                    {
                        refused = true;
                    }
                    else if (addresses.Count < MostAddresses && !addresses.Contains(address))
                    {
                        addresses.Add(address);
                    }
                }
            }

            if (own != host.Preference && addresses.Count > 0)
            {
                usable.Add(new RouteHost(host.Name, host.Preference, addresses.ToImmutable(), port));
            }
        }

        // One of equal preference may have been taken before we met ourselves.
        usable.RemoveAll(host => host.Preference >= own);
        if (usable.Count > 0)
        {
            return new Route.To(SiteName.Of(hosts.Select(host => host.Name), port), [.. usable]);
        }

        return (failed, own, refused) switch
        {
            (true, _, _) => Nowhere(451, new(4, 4, 4), $"{domain}: no address of its mail exchangers could be found now"),
            (_, not null, _) => Nowhere(554, new(5, 4, 6), $"mail for {domain} loops back to this host"),
            (_, _, true) => Nowhere(550, new(5, 4, 4), $"{domain}: its mail exchangers have only loopback or unspecified addresses"),
            _ when isImplicit => Nowhere(550, new(5, 4, 4), $"{domain} has neither mail exchanger nor address"),
            _ => Nowhere(550, new(5, 4, 4), $"{domain}: its mail exchangers have no address"),
        };
    }

    /// <summary>The route to an address literal: there, without asking anybody.</summary>
    public Route Literal(DomainName domain)
    {
        if (!domain.TryGetAddress(out var address))
        {
            return Nowhere(550, new(5, 1, 2), $"{domain}: no address that mail could be sent to");
        }

        if (ourselves.IsAddress(address, port))
        {
            return Nowhere(554, new(5, 4, 6), $"mail for {domain} loops back to this host");
        }

        return !allowLoopback && address.IsLoopbackOrNowhere()
            ? Nowhere(550, new(5, 4, 4), $"{domain} is a loopback or unspecified address")
            : new Route.To(SiteName.Of([domain.Value], port), [new RouteHost(address.ToString(), 0, [address], port)]);
    }

    /// <summary>A static route, from what its host resolved to. It is the operator's word: loopback is allowed, and what cannot be resolved may be mended, so mail waits.</summary>
    public static Route Static(DomainName domain, RouteOptions route, ImmutableArray<IPAddress> addresses) => addresses.IsEmpty
        ? Nowhere(451, new(4, 4, 4), $"{domain}: the host {route.Host} of its static route has no address now")
        : new Route.To(SiteName.OfStatic(route.Host, route.Port), [new RouteHost(route.Host, 0, addresses, route.Port)]);

    /// <summary>The static route of a domain: its own, else the one for all.</summary>
    public static RouteOptions? Static(DomainName domain, ImmutableArray<RouteOptions> routes)
    {
        RouteOptions? all = null;
        foreach (var route in routes)
        {
            if (route.Domain == domain)
            {
                return route;
            }

            all ??= route.Domain is null ? route : null;
        }

        return all;
    }

    /// <summary>The name servers failed.</summary>
    public static Resolution Failed(DomainName domain, string cause) => new(Failure(domain, cause), TimeSpan.FromSeconds(15));

    private static Route.Nowhere Failure(DomainName domain, string cause) => Nowhere(451, new(4, 4, 3), $"{domain}: mail exchangers could not be looked up now: {cause}");

    private static Route.Nowhere Nowhere(int code, EnhancedStatusCode status, string text) =>
        new(new DeliveryFailure(FailureScope.Destination, new Reply(code, status, text), RemoteMta: null, IsLocal: true));
}
