// The page that draws a board: Splunk's own packages, our definition, rows of the demo day.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { createSchemaBasedOnPresets } from '@splunk/dashboard-definition';
import { DashboardCore } from '@splunk/dashboard-core';
import { DashboardContextProvider } from '@splunk/dashboard-context';
import preset from '@splunk/dashboard-presets/EnterpriseViewOnlyPreset';
import cloudPreset from '@splunk/dashboard-presets/CloudViewOnlyPreset';
import theme from '@splunk/themes/SplunkThemeProvider';

// Splunk Web would answer the time picker's question for presets; the picker of the cloud asks nothing.
const enterprise = preset.default ?? preset;
const cloud = cloudPreset.default ?? cloudPreset;
const Preset = { ...enterprise, inputs: { ...enterprise.inputs, 'input.timerange': cloud.inputs['input.timerange'] } };
const Theme = theme.default ?? theme;

window.opened = [];
window.open = (url) => { window.opened.push(url); return null; };

window.draw = (definition, colorScheme) => {
    document.body.style.background = colorScheme === 'dark' ? '#0b0c0e' : '#f2f4f5';
    createRoot(document.getElementById('board')).render(
        <Theme family="enterprise" colorScheme={colorScheme} density="comfortable">
            <DashboardContextProvider preset={Preset} initialDefinition={definition} initialMode="view">
                <DashboardCore width="100%" height="auto" />
            </DashboardContextProvider>
        </Theme>
    );
};

window.schema = () => createSchemaBasedOnPresets(enterprise);
