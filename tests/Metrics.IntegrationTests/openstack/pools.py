"""A volume driver that stores nothing and says that there is room."""
from cinder.volume import driver


class NoStoreDriver(driver.VolumeDriver):
    VERSION = "1.0"

    def check_for_setup_error(self):
        pass

    def _update_volume_stats(self):
        self._stats = dict(volume_backend_name=self.configuration.volume_backend_name, vendor_name="Test", driver_version=self.VERSION, storage_protocol="none", reserved_percentage=0, multiattach=False,
                           thin_provisioning_support=True, max_over_subscription_ratio=20.0, provisioned_capacity_gb=100, total_capacity_gb=500, free_capacity_gb=400)

    def _nothing(self, *_, **__):
        pass

    do_setup = create_volume = delete_volume = create_snapshot = delete_snapshot = extend_volume = _nothing
    create_volume_from_snapshot = create_cloned_volume = ensure_export = create_export = remove_export = terminate_connection = _nothing

    def initialize_connection(self, volume, connector):
        return {"driver_volume_type": "none", "data": {}}
