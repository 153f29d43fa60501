using Metrics.Api.Alertmanager;
using Metrics.Api.Alerts;
using Metrics.Api.Events;
using Metrics.Api.Export;
using Metrics.Api.Identity;
using Metrics.Api.Life;
using Metrics.Api.Prometheus;
using Metrics.Api.Push;

namespace Metrics.Api;

/// <summary>What the daemon answers over HTTP, apart from pages. Each group says beside each of its routes who may use it.</summary>
internal static class Endpoints
{
    public static void MapApi(this WebApplication app)
    {
        app.MapLife();
        app.MapPush();
        app.MapLoki();
        app.MapForward();
        app.MapFederation();
        app.MapExport();
        app.MapBackup();
        app.MapInputsApi();
        app.MapEvents();
        app.MapAbout();
        app.MapEvidence();
        app.MapLedger();
        app.MapLogTemplates();
        app.MapIdentity();
        app.MapPrometheusApi();
        app.MapAlertmanagerApi();
        app.MapAlertApi();
    }
}
